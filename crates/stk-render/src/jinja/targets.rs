//! What is assigned to.

use super::{Fault, lexer::Kind, parser::Parser};

/// What is assigned to.
pub(super) enum Target {
    Name(String),
    Attribute(String, String),
    Tuple(Vec<Self>),
}

impl Parser<'_> {
    pub(super) fn target(&mut self, attributes: bool, end: &str) -> Result<Target, Fault> {
        let mut items = Vec::new();
        let mut is_tuple = false;
        loop {
            if !items.is_empty() {
                self.expect(",")?;
            }
            let ends = matches!(self.kind(), Kind::BlockEnd)
                || self.is_operator(")")
                || (!end.is_empty() && self.is_name(end));
            if ends {
                break;
            }
            if self.is_operator("(") {
                self.advance()?;
                let target = self.target(attributes, "")?;
                items.push(target);
                self.expect(")")?;
            } else if let Kind::Name(name) = *self.kind() {
                let name = name.to_owned();
                self.advance()?;
                if attributes && self.is_operator(".") {
                    self.advance()?;
                    items.push(Target::Attribute(name, self.expect_name()?.to_owned()));
                } else {
                    self.assignable(&name)?;
                    items.push(Target::Name(name));
                }
            } else {
                return Err(self.fault(format!("cannot assign to {}", self.shown())));
            }
            if !self.is_operator(",") {
                break;
            }
            is_tuple = true;
        }
        match items.pop() {
            Some(only) if !is_tuple => Ok(only),
            Some(last) => {
                items.push(last);
                Ok(Target::Tuple(items))
            }
            None => Err(self.fault(format!("expected a name, got {}", self.shown()))),
        }
    }

    pub(super) fn assignable(&self, name: &str) -> Result<(), Fault> {
        match name {
            "true" | "false" | "none" | "True" | "False" | "None" => {
                Err(self.fault(format!("cannot assign to `{name}`")))
            }
            _ => Ok(()),
        }
    }

    /// The engine cannot assign to this crate's namespaces: the value goes through a variable.
    pub(super) fn without_attributes(
        &mut self,
        target: Target,
        found: &mut Vec<(String, String, String)>,
    ) -> Target {
        match target {
            Target::Name(name) => Target::Name(name),
            Target::Attribute(name, attribute) => {
                let temporary = self.temporary();
                found.push((temporary.clone(), name, attribute));
                Target::Name(temporary)
            }
            Target::Tuple(items) => Target::Tuple(
                items
                    .into_iter()
                    .map(|item| self.without_attributes(item, found))
                    .collect(),
            ),
        }
    }
}

/// A target in the engine's grammar.
pub(super) fn written(target: &Target) -> String {
    match target {
        Target::Name(name) => name.clone(),
        Target::Attribute(name, attribute) => format!("{name}.{attribute}"),
        Target::Tuple(items) => {
            let mut text = String::new();
            for item in items {
                match item {
                    Target::Tuple(_) => text.push_str(&format!("({})", written(item))),
                    _ => text.push_str(&written(item)),
                }
                text.push_str(", ");
            }
            text.truncate(text.trim_end().len() - usize::from(items.len() > 1));
            text
        }
    }
}

/// Whether that name is assigned to.
pub(super) fn mentions(target: &Target, word: &str) -> bool {
    match target {
        Target::Name(name) => name == word,
        Target::Attribute(..) => false,
        Target::Tuple(items) => items.iter().any(|item| mentions(item, word)),
    }
}
