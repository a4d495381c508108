//! Statements.

use super::{
    Fault,
    lexer::Kind,
    parser::{PLACEHOLDER, Parser},
    pieces::{Binding, Piece, too_long},
    targets::{Target, mentions, written},
};

/// How deep statements may stand in each other.
const MAX_DEPTH: usize = 50;
/// How many `elif` may stand in each other's statements.
const MAX_BRANCHES: usize = 2_000;

impl Parser<'_> {
    /// Statements and data up to one of `ends`, at whose name it stops.
    pub(super) fn body(&mut self, ends: &[&str]) -> Result<(), Fault> {
        loop {
            let line = self.line();
            match *self.kind() {
                Kind::Data(text) => {
                    self.output.data(text, line);
                    self.advance()?;
                }
                Kind::VariableBegin => {
                    self.advance()?;
                    let value = self.tuple(true, false, "")?;
                    self.expect_kind(&Kind::VariableEnd)?;
                    self.printed(value);
                }
                Kind::BlockBegin => {
                    self.advance()?;
                    if let Kind::Name(name) = self.kind()
                        && ends.contains(name)
                    {
                        return Ok(());
                    }
                    self.statement()?;
                    self.expect_kind(&Kind::BlockEnd)?;
                }
                Kind::End if ends.is_empty() => return Ok(()),
                _ => return Err(self.unclosed(ends)),
            }
        }
    }

    fn unclosed(&self, ends: &[&str]) -> Fault {
        let close = ends.last().copied().unwrap_or_default();
        match self.open.last() {
            Some((name, line)) => self.fault(format!(
                "the template ends, but the `{{% {name} %}}` of line {line} is not closed by `{{% {close} %}}`"
            )),
            None => self.fault("unexpected end of the template"),
        }
    }

    /// The rest of a tag that opens a body, and the body; in a scope of its own if `scope`.
    fn open_body(&mut self, ends: &[&str], scope: bool) -> Result<(), Fault> {
        if self.is_operator(":") {
            self.advance()?;
        }
        self.expect_kind(&Kind::BlockEnd)?;
        let soft = self.soft;
        self.soft = soft && !scope;
        self.body(ends)?;
        self.soft = soft;
        Ok(())
    }

    /// As [`Parser::open_body`], to the one end there is.
    pub(super) fn whole_body(&mut self, end: &'static str) -> Result<(), Fault> {
        self.open_body(&[end], true)?;
        let line = self.line();
        self.advance()?;
        self.output.block(end, line);
        Ok(())
    }

    fn statement(&mut self) -> Result<(), Fault> {
        let line = self.line();
        let Kind::Name(name) = *self.kind() else {
            return Err(self.fault("expected the name of a statement"));
        };
        let parse = match name {
            "if" => Self::if_statement,
            "for" => Self::for_statement,
            "set" => Self::set_statement,
            "with" => Self::with_statement,
            "macro" => Self::macro_statement,
            "call" => Self::call_statement,
            "filter" => Self::filter_statement,
            "block" => Self::block_statement,
            "print" => Self::print_statement,
            "autoescape" => Self::autoescape_statement,
            "extends" | "include" | "import" | "from" => Self::loading_statement,
            _ => return Err(self.unknown_statement(name)),
        };
        if self.depth >= MAX_DEPTH {
            return Err(Fault {
                limit: true,
                ..self.fault("statements stand too deep in each other")
            });
        }
        self.advance()?;
        self.open.push((name, line));
        self.depth += 1;
        parse(self, line)?;
        self.depth -= 1;
        self.open.pop();
        Ok(())
    }

    fn unknown_statement(&self, name: &str) -> Fault {
        let message = match self.open.last() {
            Some((open, line)) => format!(
                "unknown or misplaced statement `{name}`; the `{{% {open} %}}` of line {line} is open here"
            ),
            None => format!("unknown or misplaced statement `{name}`"),
        };
        self.fault(message)
    }

    fn if_statement(&mut self, line: usize) -> Result<(), Fault> {
        let soft = std::mem::replace(&mut self.soft, true);
        let branches = self.branches;
        let mut word = "if";
        let mut line = line;
        loop {
            let test = self.tuple(false, false, "")?;
            let test = self.condition(test);
            self.output.block(&format!("{word} {test}"), line);
            self.open_body(&["elif", "else", "endif"], false)?;
            let end = self.line();
            if self.skip_name("elif") {
                word = "elif";
                line = self.line();
                self.branches += 1;
                if self.branches > MAX_BRANCHES {
                    return Err(too_long(line));
                }
                continue;
            }
            if self.skip_name("else") {
                self.output.block("else", end);
                self.open_body(&["endif"], false)?;
            }
            break;
        }
        let end = self.line();
        self.advance()?;
        self.output.block("endif", end);
        self.branches = branches;
        self.soft = soft;
        Ok(())
    }

    fn for_statement(&mut self, line: usize) -> Result<(), Fault> {
        let target = self.target(false, "in")?;
        if mentions(&target, "loop") {
            self.late(Fault::new(line, "a loop cannot assign to `loop`"));
        }
        self.expect_word("in")?;
        let items = self.tuple(false, false, "recursive")?;
        let unpacks = matches!(target, Target::Tuple(_));
        let mut head = format!(
            "for {} in {}|py_iter({unpacks})",
            written(&target),
            items.bound(Binding::Filter)
        );
        let soft = std::mem::replace(&mut self.soft, false);
        if self.skip_name("if") {
            let test = self.expression()?;
            head.push_str(" if ");
            head.push_str(&self.condition(test));
        }
        if self.skip_name("recursive") {
            head.push_str(" recursive");
        }
        self.output.block(&head, line);
        self.open_body(&["else", "endfor"], true)?;
        let end = self.line();
        if self.skip_name("else") {
            self.output.block("else", end);
            self.open_body(&["endfor"], true)?;
        }
        let end = self.line();
        self.advance()?;
        self.output.block("endfor", end);
        self.soft = soft;
        Ok(())
    }

    fn set_statement(&mut self, line: usize) -> Result<(), Fault> {
        let target = self.target(true, "")?;
        let mut attributes = Vec::new();
        let target = self.without_attributes(target, &mut attributes);
        if self.is_operator("=") {
            self.advance()?;
            let value = self.tuple(true, false, "")?;
            let value = match &target {
                Target::Tuple(items) => {
                    format!(
                        "{}|py_unpack({})",
                        value.bound(Binding::Filter),
                        items.len()
                    )
                }
                _ => value.bound(Binding::Filter),
            };
            self.output
                .block(&format!("set {} = {value}", written(&target)), line);
        } else {
            let soft = std::mem::replace(&mut self.soft, false);
            let mut filter = None;
            while self.is_operator("|") {
                self.advance()?;
                let before = filter.take().unwrap_or_else(|| self.placeholder());
                filter = Some(self.filter(before)?);
            }
            self.soft = soft;
            let filter = filter.map(|filter: Piece| {
                let text = filter.text.trim_start_matches(PLACEHOLDER);
                format!(" {text}")
            });
            let head = format!("set {}{}", written(&target), filter.unwrap_or_default());
            self.output.block(&head, line);
            self.whole_body("endset")?;
        }
        for (temporary, name, attribute) in attributes {
            let assign = format!("if {name}|py_assign(\"{attribute}\", {temporary})");
            self.output.block(&assign, line);
            self.output.block("endif", line);
        }
        Ok(())
    }

    fn with_statement(&mut self, line: usize) -> Result<(), Fault> {
        let mut outer = Vec::new();
        let mut inner = Vec::new();
        while *self.kind() != Kind::BlockEnd {
            if !inner.is_empty() {
                self.expect(",")?;
            }
            let target = self.target(false, "")?;
            self.expect("=")?;
            let value = self.expression()?.bound(Binding::Filter);
            let target = match &target {
                Target::Tuple(_) => format!("({})", written(&target)),
                _ => written(&target),
            };
            // Values do not see the names before them.
            let temporary = self.temporary();
            outer.push(format!("{temporary} = {value}"));
            inner.push(format!("{target} = {temporary}"));
        }
        self.output
            .block(&format!("with {}", outer.join(", ")), line);
        self.output
            .block(&format!("with {}", inner.join(", ")), line);
        self.whole_body("endwith")?;
        self.output.block("endwith", line);
        Ok(())
    }

    fn filter_statement(&mut self, line: usize) -> Result<(), Fault> {
        let soft = std::mem::replace(&mut self.soft, false);
        let before = self.placeholder();
        let mut filter = self.filter(before)?;
        while self.is_operator("|") {
            self.advance()?;
            filter = self.filter(filter)?;
        }
        self.soft = soft;
        let text = filter
            .text
            .trim_start_matches(PLACEHOLDER)
            .trim_start_matches('|');
        self.output.block(&format!("filter {text}"), line);
        self.whole_body("endfilter")
    }

    fn block_statement(&mut self, line: usize) -> Result<(), Fault> {
        let name = self.expect_name()?;
        if self.blocks.contains(&name) {
            self.late(Fault::new(line, format!("block `{name}` is defined twice")));
        }
        self.blocks.push(name);
        let scoped = self.skip_name("scoped");
        let required = self.skip_name("required");
        if self.is_operator("-") {
            return Err(self.fault("the name of a block cannot hold hyphens"));
        }
        let mut head = format!("block {name}");
        for (word, stands) in [(" scoped", scoped), (" required", required)] {
            head.push_str(if stands { word } else { "" });
        }
        self.output.block(&head, line);
        self.whole_body("endblock")?;
        self.skip_name(name);
        Ok(())
    }

    fn print_statement(&mut self, _: usize) -> Result<(), Fault> {
        let mut first = true;
        while *self.kind() != Kind::BlockEnd {
            if !std::mem::take(&mut first) {
                self.expect(",")?;
            }
            let value = self.expression()?;
            self.printed(value);
        }
        Ok(())
    }

    fn printed(&mut self, value: Piece) {
        let line = value.line;
        if self.guarded {
            let text = format!("{}|py_line({line})", value.bound(Binding::Filter));
            self.output.variable(&text, line);
        } else {
            self.output.variable(&value.text, line);
        }
    }

    fn autoescape_statement(&mut self, line: usize) -> Result<(), Fault> {
        let value = self.expression()?.bound(Binding::Filter);
        self.output.block(&format!("autoescape {value}"), line);
        self.whole_body("endautoescape")
    }
}
