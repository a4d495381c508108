//! Paths that mean another folder when the plugin is a module.
//!
//! In a project of its own the plugin's folder is where Terraform runs, so `path.root` and paths without a beginning
//! lead into it. In the composed project they lead into the folder above.

use hcl_edit::Span;
use hcl_edit::expr::{Expression, FuncCall, Traversal, TraversalOperator};
use hcl_edit::structure::Body;
use hcl_edit::template::Element;
use hcl_edit::visit::{Visit, visit_func_call, visit_traversal};

/// The functions whose first argument is a path.
const FUNCTIONS: [&str; 12] = [
    "abspath",
    "file",
    "filebase64",
    "filebase64sha256",
    "filebase64sha512",
    "fileexists",
    "filemd5",
    "fileset",
    "filesha1",
    "filesha256",
    "filesha512",
    "templatefile",
];

/// Every such path of a file: its offset, and how it is written.
pub(super) fn find(body: &Body) -> Vec<(usize, String)> {
    let mut paths = Paths::default();
    paths.visit_body(body);
    paths.found
}

#[derive(Default)]
struct Paths {
    found: Vec<(usize, String)>,
    /// Where the call around begins: what stands in it has no place of its own in some trees.
    at: usize,
}

impl Visit for Paths {
    fn visit_traversal(&mut self, node: &Traversal) {
        let first = node.operators.first().map(|operator| operator.value());
        if let (Expression::Variable(root), Some(TraversalOperator::GetAttr(name))) =
            (&node.expr, first)
            && root.as_str() == "path"
            && matches!(name.as_str(), "root" | "cwd")
        {
            let at = root.span().map_or(self.at, |span| span.start);
            self.found.push((at, format!("path.{}", name.as_str())));
        }
        visit_traversal(self, node);
    }

    fn visit_func_call(&mut self, node: &FuncCall) {
        let name = node.name.name.as_str();
        let before = self.at;
        self.at = node.name.name.span().map_or(self.at, |span| span.start);
        if FUNCTIONS.contains(&name) && node.name.namespace.is_empty() {
            let path = match node.args.iter().next() {
                Some(Expression::String(path)) => Some(path.as_str()),
                Some(Expression::StringTemplate(template)) => match template.iter().next() {
                    Some(Element::Literal(start)) => Some(start.as_str()),
                    _ => None,
                },
                _ => None,
            };
            if let Some(path) = path.filter(|path| !path.starts_with(['/', '~'])) {
                self.found.push((self.at, format!("{name}(\"{path}…")));
            }
        }
        visit_func_call(self, node);
        self.at = before;
    }
}
