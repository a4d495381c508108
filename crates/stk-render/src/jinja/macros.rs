//! Macros and the blocks that call them.

use super::{
    Fault,
    parser::{MacroUses, Parser},
    pieces::{Binding, Shape},
};

impl Parser<'_> {
    pub(super) fn macro_statement(&mut self, line: usize) -> Result<(), Fault> {
        let name = self.expect_name()?;
        let soft = std::mem::replace(&mut self.soft, false);
        self.macros.push(MacroUses::default());
        let parameters = self.signature()?;
        let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        self.output
            .block(&format!("macro {name}({})", names.join(", ")), line);
        let head = self.output.position() - 1;
        for (name, default) in &parameters {
            if let Some(default) = default {
                self.output.block(&format!("if {name} is py_missing"), line);
                self.output.block(&format!("set {name} = {default}"), line);
                self.output.block("endif", line);
            }
        }
        self.whole_body("endmacro")?;
        self.soft = soft;
        let uses = self.macros.pop().unwrap_or_default();
        let mut flags = String::new();
        let mut more = String::new();
        for (used, name) in [(uses.varargs, "varargs"), (uses.kwargs, "kwargs")] {
            if used && !names.contains(&name) {
                if !(names.is_empty() && more.is_empty()) {
                    more.push_str(", ");
                }
                more.push_str(name);
                flags.push_str(&name[..1]);
            }
        }
        if uses.caller && !names.contains(&"caller") {
            flags.push('c');
        }
        self.output.insert(head, &more);
        let defaults = parameters
            .iter()
            .filter(|(_, default)| default.is_some())
            .count();
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        self.output.block(
            &format!(
                "set {name} = {name}|py_macro(\"{name}\", [{}], {defaults}, \"{flags}\")",
                quoted.join(", ")
            ),
            line,
        );
        Ok(())
    }

    pub(super) fn signature(&mut self) -> Result<Vec<(String, Option<String>)>, Fault> {
        self.expect("(")?;
        let mut parameters: Vec<(String, Option<String>)> = Vec::new();
        while !self.is_operator(")") {
            if !parameters.is_empty() {
                self.expect(",")?;
            }
            let name = self.expect_name()?.to_owned();
            self.assignable(&name)?;
            if self.is_operator("=") {
                self.advance()?;
                let default = self.expression()?.bound(Binding::Filter);
                parameters.push((name, Some(default)));
            } else if parameters
                .last()
                .is_some_and(|(_, default)| default.is_some())
            {
                return Err(self.fault("a parameter without a default follows one with a default"));
            } else {
                parameters.push((name, None));
            }
        }
        self.expect(")")?;
        Ok(parameters)
    }

    pub(super) fn call_statement(&mut self, line: usize) -> Result<(), Fault> {
        let mut head = String::from("call");
        if self.is_operator("(") {
            let parameters = self
                .signature()?
                .into_iter()
                .map(|(name, default)| match default {
                    Some(default) => format!("{name}={default}"),
                    None => name,
                });
            head.push_str(&format!("({})", parameters.collect::<Vec<_>>().join(", ")));
        }
        let call = self.expression()?;
        if call.shape != Shape::Call {
            return Err(Fault::new(line, "expected a call"));
        }
        self.output.block(&format!("{head} {}", call.text), line);
        self.whole_body("endcall")
    }
}
