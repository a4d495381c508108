//! `stk-runtime validate --explain`: what the code of a finding means.

use gha::Failure;
use stk_manifest::FindingCode;
use stk_run::exit_code;

use crate::output::{print, table};

/// What stands in the place of a code to list them all.
pub(crate) const LIST: &str = "list";

/// Prints the explanation of one code, or every code with its title.
pub(crate) fn run(code: &str) -> Result<u8, Failure> {
    if code.eq_ignore_ascii_case(LIST) {
        let rows: Vec<_> = FindingCode::ALL
            .iter()
            .map(|code| vec![code.to_string(), code.title().to_owned()])
            .collect();
        print(&table(&rows))?;
        return Ok(exit_code::OK);
    }
    let Some(code) = FindingCode::find(code) else {
        return Err(unknown(code));
    };
    print(code.explanation().trim_end())?;
    Ok(exit_code::OK)
}

fn unknown(code: &str) -> Failure {
    let capitals = code.trim().to_ascii_uppercase();
    let codes = FindingCode::ALL.iter().map(|code| code.as_str());
    let failure = Failure::new(
        exit_code::INPUTS,
        format!("`{code}` is not the code of a finding"),
    );
    let failure = match stk_manifest::nearest(&capitals, codes) {
        Some(near) => {
            let title = FindingCode::find(near).map_or("", FindingCode::title);
            failure.with_help(format!("did you mean {near} ({title})?"))
        }
        None => failure,
    };
    failure.with_help("`stk-runtime validate --explain` lists them all")
}
