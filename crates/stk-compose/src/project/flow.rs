//! Where the values that a module is handed go inside of it: which of its outputs hold a sensitive one.
//!
//! Terraform itself follows sensitive values, and refuses a root output that holds one and does not say so. In a project of
//! its own a plugin says so for what it declares sensitive, but not for what another plugin hands it. This follows
//! values as Terraform does: through locals, arguments of resources that are read again, and local modules. Where a
//! value goes through what cannot be seen here (a module from elsewhere), Terraform asks for `sensitive = true` in the
//! plugin's output, which is right in every way of deploying it; to mark more than is sensitive would hide outputs that
//! connections need.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::expr::{Expression, FuncCall, TraversalOperator};
use hcl_edit::structure::{Block, Body, Structure};
use hcl_edit::visit::{Visit, visit_expr, visit_func_call};

use crate::Syntax;
use crate::values::modules::{folder, resolve, source};

/// A value in a module of the plugin: the module's folder, and the names that lead to it.
type Value = (String, Vec<String>);

/// The folder that a `module` block calls, by its own folder and its name.
type Calls = BTreeMap<(String, String), String>;

/// What flows where in one plugin.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// Each value with those that it is made of; one of fewer names stands for all below it.
    made_of: Vec<(Value, Vec<Value>)>,
}

impl Flow {
    /// `files` are the plugin's, filled.
    pub(super) fn of<'f>(files: impl Iterator<Item = (&'f str, &'f [u8])>) -> Self {
        let bodies: Vec<(&str, Body)> = files
            .filter(|(path, _)| matches!(Syntax::of(path), Some(Syntax::Native)))
            .filter_map(|(path, bytes)| {
                let text = String::from_utf8_lossy(bytes);
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                Some((folder(path), text.parse().ok()?))
            })
            .collect();
        // Which folder a `module` block calls.
        let mut calls = Calls::new();
        for (folder, body) in &bodies {
            for block in body.get_blocks("module") {
                let called = source(block).and_then(|from| resolve(folder, from));
                if let (Some(label), Some(called)) = (block.labels.first(), called) {
                    calls.insert(((*folder).to_owned(), label.as_str().to_owned()), called);
                }
            }
        }
        let mut flow = Self::default();
        for (folder, body) in &bodies {
            for block in body.blocks() {
                flow.block(folder, block, &calls);
            }
        }
        flow
    }

    fn block(&mut self, folder: &str, block: &Block, calls: &Calls) {
        let label = |index: usize| {
            block
                .labels
                .get(index)
                .map(|label| label.as_str().to_owned())
        };
        let kind = block.ident.as_str();
        let (target, above) = match (kind, label(0), label(1)) {
            ("locals", _, _) => (folder, vec!["local".to_owned()]),
            ("output", Some(name), _) => {
                if let Some(value) = block.body.get_attribute("value") {
                    let mut read = Read::new(folder, calls);
                    read.visit_attr(value);
                    let value = (folder.to_owned(), vec!["output".to_owned(), name]);
                    self.made_of.push((value, read.values));
                }
                return;
            }
            ("resource", Some(kind), Some(name)) => (folder, vec![kind, name]),
            ("data", Some(kind), Some(name)) => (folder, vec!["data".to_owned(), kind, name]),
            ("module", Some(name), _) => match calls.get(&(folder.to_owned(), name)) {
                Some(called) => (called.as_str(), vec!["var".to_owned()]),
                None => return,
            },
            _ => return,
        };
        for structure in &block.body {
            let mut read = Read::new(folder, calls);
            read.visit_structure(structure);
            let name = match structure {
                Structure::Attribute(attribute) => attribute.key.as_str(),
                Structure::Block(block) => match (block.ident.as_str(), block.labels.first()) {
                    ("dynamic", Some(label)) => label.as_str(),
                    (name, _) => name,
                },
            };
            let mut path = above.clone();
            path.push(name.to_owned());
            self.made_of.push(((target.to_owned(), path), read.values));
        }
    }

    /// The outputs that hold one of the variables `seeds`.
    pub(super) fn outputs<'s>(&self, seeds: impl Iterator<Item = &'s str>) -> BTreeSet<String> {
        let seed = |name: &str| (String::new(), vec!["var".to_owned(), name.to_owned()]);
        let mut held: BTreeSet<&Value> = BTreeSet::new();
        let seeds: BTreeSet<Value> = seeds.map(seed).collect();
        held.extend(&seeds);
        loop {
            let before = held.len();
            for (value, parts) in &self.made_of {
                let holds = |part: &Value| {
                    held.iter().any(|(folder, path)| {
                        *folder == part.0 && (path.starts_with(&part.1) || part.1.starts_with(path))
                    })
                };
                if !held.contains(value) && parts.iter().any(holds) {
                    held.insert(value);
                }
            }
            if held.len() == before {
                break;
            }
        }
        let outputs = held.into_iter().filter(|(folder, _)| folder.is_empty());
        outputs
            .filter_map(|(_, path)| match path.as_slice() {
                [kind, name] if kind == "output" => Some(name.clone()),
                _ => None,
            })
            .collect()
    }
}

/// The values that an expression refers to.
struct Read<'a> {
    folder: &'a str,
    calls: &'a Calls,
    values: Vec<Value>,
}

impl<'a> Read<'a> {
    fn new(folder: &'a str, calls: &'a Calls) -> Self {
        Self {
            folder,
            calls,
            values: Vec::new(),
        }
    }

    fn add(&mut self, mut path: Vec<String>) {
        let mut folder = self.folder;
        let kept = match path.first().map(String::as_str) {
            Some("var" | "local") => 2,
            Some("module") => {
                let name = path.get(1).cloned().unwrap_or_default();
                let Some(called) = self.calls.get(&(folder.to_owned(), name)) else {
                    return;
                };
                folder = called;
                path.drain(..path.len().min(2));
                path.insert(0, "output".to_owned());
                2
            }
            Some("data") => 4,
            _ => 3,
        };
        path.truncate(kept);
        self.values.push((folder.to_owned(), path));
    }
}

impl Visit for Read<'_> {
    fn visit_expr(&mut self, node: &Expression) {
        if let Expression::Traversal(traversal) = node
            && let Expression::Variable(root) = &traversal.expr
        {
            let mut path = vec![root.as_str().to_owned()];
            for operator in &traversal.operators {
                match operator.value() {
                    TraversalOperator::GetAttr(name) => path.push(name.as_str().to_owned()),
                    // `module.a["b-c"]` and `a.b["c"]`; what stands for instances is no part of the name.
                    TraversalOperator::Index(Expression::String(name)) if path.len() != 2 => {
                        path.push(name.as_str().to_owned());
                    }
                    _ => {}
                }
            }
            self.add(path);
        }
        visit_expr(self, node);
    }

    fn visit_func_call(&mut self, node: &FuncCall) {
        if node.name.name.as_str() != "nonsensitive" {
            visit_func_call(self, node);
        }
    }
}
