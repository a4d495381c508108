//! Attributes that templates read and that nobody gives.

use stk_render::reads::{Read, Usage};
use stk_render::{ErrorKind, Templates};

use super::paths::{Attribute, attributes, unknown_slot};
use super::{Effect, Inputs, Look, Place, Problem, stand_ins};

impl Look<'_> {
    pub(super) fn missing_attributes(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        for read in self.reads {
            if read.usage == Usage::Tolerated {
                continue;
            }
            let missing = attributes(self.unit, read);
            let missing = missing
                .iter()
                .filter_map(|attribute| self.missing(read, attribute));
            for problem in missing.chain(self.without_slot(read)) {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
        problems
    }

    fn missing(&self, read: &Read, attribute: &Attribute<'_, '_>) -> Option<Problem> {
        let requirement = attribute.requirement;
        let generator = requirement.from.clone()?;
        let provided = stand_ins::provided(self.units, requirement)?;
        if provided.contains(attribute.name) {
            return None;
        }
        Some(Problem::MissingAttribute {
            effect: self.effect(read, &attribute.paths)?,
            place: place(read),
            expression: read.to_string(),
            slot: requirement.slot.clone(),
            connection: requirement.connection.clone(),
            generator,
            attribute: attribute.name.to_owned(),
            provided: provided.into_iter().map(str::to_owned).collect(),
        })
    }

    fn without_slot(&self, read: &Read) -> Option<Problem> {
        let slot = unknown_slot(self.unit, read)?;
        let path = vec!["connections".to_owned(), slot.to_owned()];
        let requires = self.unit.requires.iter();
        Some(Problem::UnknownSlot {
            effect: self.effect(read, &[path])?,
            place: place(read),
            expression: read.to_string(),
            slot: slot.to_owned(),
            slots: requires.map(|each| each.slot.clone()).collect(),
        })
    }

    /// What comes of the read; `None` when the template does not get there. `paths` lead to what is read.
    fn effect(&self, read: &Read, paths: &[Vec<String>]) -> Option<Effect> {
        match read.usage {
            Usage::Tolerated => None,
            Usage::Compared if !read.conditional => Some(Effect::Compared),
            Usage::Needed if !read.conditional => Some(Effect::Certain),
            usage => match self.reached(read, paths) {
                Reached::Never => None,
                Reached::Perhaps => Some(Effect::Possible),
                Reached::Surely if usage == Usage::Needed => Some(Effect::Certain),
                Reached::Surely => Some(Effect::Compared),
            },
        }
    }

    /// Whether the template gets to this place with these inputs: it is rendered such that it fails there.
    fn reached(&self, read: &Read, paths: &[Vec<String>]) -> Reached {
        if self.inputs != Inputs::Final {
            return Reached::Perhaps;
        }
        let mut files = self.templates.files.iter();
        let Some(file) = files.find(|file| file.path == read.template) else {
            return Reached::Perhaps;
        };
        let Some((context, _)) = &self.context else {
            return Reached::Perhaps;
        };
        let mut context = context.clone();
        for path in paths {
            let path: Vec<_> = path.iter().map(String::as_str).collect();
            context.refuse(&path, REACHED);
        }
        let alone = Templates {
            files: vec![file.clone()],
        };
        match stk_render::render(&alone, &context) {
            Ok(_) => Reached::Never,
            // A secret that is not used as it must be is refused too.
            Err(error)
                if error.kind == ErrorKind::Refused
                    && error.line == Some(read.line)
                    && error.message == REACHED =>
            {
                Reached::Surely
            }
            Err(_) => Reached::Perhaps,
        }
    }
}

fn place(read: &Read) -> Place {
    Place {
        template: read.template.clone(),
        line: read.line,
        column: read.column,
    }
}

/// Why a template fails that gets to a read.
const REACHED: &str = "the template reads it";

#[derive(Clone, Copy, Eq, PartialEq)]
enum Reached {
    Surely,
    Perhaps,
    Never,
}
