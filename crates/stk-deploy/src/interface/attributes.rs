//! Attributes that templates read and that nobody gives.

use stk_render::reads::{Read, Usage};
use stk_render::{ErrorKind, Templates};

use super::paths::{Attribute, attributes};
use super::{Inputs, Look, Place, Problem, stand_ins};
use crate::context;

impl Look<'_> {
    pub(super) fn missing_attributes(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        for read in self.reads {
            if read.usage == Usage::Tolerated {
                continue;
            }
            for attribute in attributes(self.unit, read) {
                if let Some(problem) = self.missing(read, &attribute)
                    && !problems.contains(&problem)
                {
                    problems.push(problem);
                }
            }
        }
        problems
    }

    fn missing(&self, read: &Read, attribute: &Attribute<'_, '_>) -> Option<Problem> {
        let requirement = attribute.requirement;
        let generator = requirement.from.clone()?;
        let provided = stand_ins::provided(self.record, requirement)?;
        if provided.contains(attribute.name) {
            return None;
        }
        let reached = if read.conditional {
            self.reached(read, attribute)
        } else {
            Reached::Surely
        };
        if reached == Reached::Never {
            return None;
        }
        Some(Problem::MissingAttribute {
            place: Place {
                template: read.template.clone(),
                line: read.line,
                column: read.column,
            },
            expression: read.to_string(),
            slot: requirement.slot.clone(),
            connection: requirement.connection.clone(),
            generator,
            attribute: attribute.name.to_owned(),
            provided: provided.into_iter().map(str::to_owned).collect(),
            certain: reached == Reached::Surely && read.usage == Usage::Needed,
        })
    }

    /// Whether the template gets to this place with these inputs: it is rendered such that it fails there.
    fn reached(&self, read: &Read, attribute: &Attribute<'_, '_>) -> Reached {
        if self.inputs != Inputs::Final {
            return Reached::Perhaps;
        }
        let mut files = self.templates.files.iter();
        let Some(file) = files.find(|file| file.path == read.template) else {
            return Reached::Perhaps;
        };
        let Ok((mut context, _)) = context::build(self.record, self.unit, &self.connections) else {
            return Reached::Perhaps;
        };
        for path in &attribute.paths {
            let path: Vec<_> = path.iter().map(String::as_str).collect();
            context.refuse(&path, "read");
        }
        let alone = Templates {
            files: vec![file.clone()],
        };
        match stk_render::render(&alone, &context) {
            Ok(_) => Reached::Never,
            Err(error) if error.kind == ErrorKind::Refused && error.line == Some(read.line) => {
                Reached::Surely
            }
            Err(_) => Reached::Perhaps,
        }
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Reached {
    Surely,
    Perhaps,
    Never,
}
