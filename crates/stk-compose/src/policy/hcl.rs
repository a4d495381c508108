//! Terraform's native syntax, by a real parser.

use hcl_edit::{
    Span as _, parser,
    structure::{Block, Body},
};

use super::{BackendKind, Located, Problem};

pub(super) fn find(text: &str) -> Result<Vec<Located>, Problem> {
    let body: Body = parser::parse_body(text).map_err(|error| Problem {
        line: u32::try_from(error.location().line()).ok(),
        reason: error.message().to_owned(),
    })?;
    Ok(body
        .get_blocks("terraform")
        .flat_map(|terraform| terraform.body.blocks())
        .filter_map(located)
        .collect())
}

fn located(block: &Block) -> Option<Located> {
    let kind = match block.ident.as_str() {
        "backend" => BackendKind::Backend,
        "cloud" => BackendKind::Cloud,
        _ => return None,
    };
    let name = match kind {
        BackendKind::Backend => block.labels.first().map(|label| label.as_str().to_owned()),
        BackendKind::Cloud => None,
    };
    Some(Located {
        offset: block.ident.span().map_or(0, |span| span.start),
        kind,
        name,
    })
}
