//! Outputs that generated connections are filled from and that no template declares.

use stk_compose::outputs::outputs;
use stk_render::TemplateFile;

use super::stand_ins::STAND_IN;
use super::{Inputs, Look, Problem, Rendering, paths};

impl Look<'_> {
    pub(super) fn missing_outputs(&self, rendering: &Rendering) -> Vec<Problem> {
        if !self.has_mapped_outputs() {
            return Vec::new();
        }
        let files = rendering.files.iter();
        let found = outputs(files.map(|(path, bytes)| (path.as_str(), bytes.as_slice())));
        if !self.is_complete(rendering, &found.unread)
            || found.names.iter().any(|name| name.contains(STAND_IN))
        {
            return Vec::new();
        }
        let mut problems = Vec::new();
        for generation in &self.unit.generates {
            for mapping in &generation.outputs {
                if found.names.contains(&mapping.from) || self.may_declare(&mapping.from) {
                    continue;
                }
                problems.push(Problem::MissingOutput {
                    slot: generation.slot.clone(),
                    from: mapping.from.clone(),
                    to: mapping.to.clone(),
                    declared: found.names.iter().cloned().collect(),
                });
            }
        }
        problems
    }

    pub(super) fn has_mapped_outputs(&self) -> bool {
        let mut generated = self.unit.generates.iter();
        generated.any(|each| !each.outputs.is_empty())
    }

    /// Whether no file that could not be looked at, and no name that depends on a deployment, can declare an output.
    fn is_complete(&self, rendering: &Rendering, unread: &[String]) -> bool {
        let rendered = |path: &String| {
            let file = rendering.files.iter().find(|(other, _)| other == path);
            file.is_some_and(|(_, bytes)| mentions(bytes, "output"))
        };
        let hidden = |file: &TemplateFile| {
            if rendering.failed.contains(&file.path) {
                mentions(&file.bytes, "output")
            } else {
                has_templated_name(&file.bytes) && self.reads_connections(file)
            }
        };
        !unread.iter().any(rendered) && !self.templates.files.iter().any(hidden)
    }

    /// Whether the output stands in a template, so that it may be declared with other values than those at hand.
    fn may_declare(&self, name: &str) -> bool {
        let quoted = format!("\"{name}\"");
        self.templates.files.iter().any(|file| {
            mentions(&file.bytes, &quoted)
                && (self.inputs != Inputs::Final || self.reads_connections(file))
        })
    }

    fn reads_connections(&self, file: &TemplateFile) -> bool {
        self.reads
            .iter()
            .any(|read| read.template == file.path && paths::is_connection(self.unit, read))
    }
}

fn mentions(bytes: &[u8], word: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(word)
}

/// Whether the name of an output is made by the template.
fn has_templated_name(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).lines().any(|line| {
        line.split_once("output")
            .is_some_and(|(_, name)| name.contains("{{") || name.contains("{%"))
    })
}
