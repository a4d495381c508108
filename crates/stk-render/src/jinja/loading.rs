//! Statements that name other templates: read, so that what is wrong in them is found, and never carried out.

use super::{Fault, parser::Parser, pieces::Binding};

impl Parser<'_> {
    /// `extends`, `include`, `import` and `from`: there are no other templates, so all of them fail when they are reached.
    pub(super) fn loading_statement(&mut self, line: usize) -> Result<(), Fault> {
        let (statement, _) = self.open.last().copied().unwrap_or_default();
        let template = self.expression()?.bound(Binding::Filter);
        let mut optional = false;
        match statement {
            "include" => {
                if self.is_name("ignore") && self.next_is_name("missing") {
                    self.advance()?;
                    self.advance()?;
                    optional = true;
                }
                self.context()?;
            }
            "import" => {
                self.expect_word("as")?;
                let name = self.expect_name()?.to_owned();
                self.assignable(&name)?;
                self.context()?;
            }
            "from" => self.imported()?,
            _ => {}
        }
        let suffix = if optional { " ignore missing" } else { "" };
        self.output
            .block(&format!("include {template}{suffix}"), line);
        Ok(())
    }

    pub(super) fn imported(&mut self) -> Result<(), Fault> {
        self.expect_word("import")?;
        let mut first = true;
        loop {
            if !std::mem::take(&mut first) {
                self.expect(",")?;
            }
            if self.context()? {
                return Ok(());
            }
            let name = self.expect_name()?.to_owned();
            self.assignable(&name)?;
            if name.starts_with('_') {
                return Err(self.fault("names that start with `_` cannot be imported"));
            }
            if self.skip_name("as") {
                self.expect_name()?;
            }
            if self.context()? || !self.is_operator(",") {
                return Ok(());
            }
        }
    }

    pub(super) fn context(&mut self) -> Result<bool, Fault> {
        let found =
            (self.is_name("with") || self.is_name("without")) && self.next_is_name("context");
        if found {
            self.advance()?;
            self.advance()?;
        }
        Ok(found)
    }
}
