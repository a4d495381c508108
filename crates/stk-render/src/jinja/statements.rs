//! Statements, and the tokens that both statements and expressions are read from.

use super::{
    Fault, Unknown,
    expressions::{Binding, Piece, Shape, too_long},
    lexer::{Kind, Token, tokens},
    names,
    output::Output,
};

/// How deep statements may stand in each other.
const MAX_DEPTH: usize = 50;
/// How many `elif` may stand in each other's statements.
const MAX_BRANCHES: usize = 2_000;

/// Reads the tokens of one template and writes it for the engine.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    pub(super) output: Output,
    pub(super) nesting: usize,
    depth: usize,
    branches: usize,
    temporaries: usize,
    /// The statements that are open: name and line.
    open: Vec<(&'a str, usize)>,
    /// What the macros that are open use.
    macros: Vec<MacroUses>,
    blocks: Vec<&'a str>,
    /// In a branch that may not be taken, unknown filters are not an error before they are used.
    soft: bool,
    pub(super) unknown: Vec<(Unknown, bool)>,
    /// What Jinja2 finds wrong after it has read the whole template.
    late: Option<Fault>,
}

#[derive(Clone, Copy, Debug, Default)]
struct MacroUses {
    varargs: bool,
    kwargs: bool,
    caller: bool,
}

/// What is assigned to.
enum Target {
    Name(String),
    Attribute(String, String),
    Tuple(Vec<Self>),
}

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a str) -> Result<Self, Fault> {
        let parser = Self {
            tokens: tokens(source),
            at: 0,
            output: Output::new(source.len() + source.len() / 4),
            nesting: 0,
            depth: 0,
            branches: 0,
            temporaries: 0,
            open: Vec::new(),
            macros: Vec::new(),
            blocks: Vec::new(),
            soft: false,
            unknown: Vec::new(),
            late: None,
        };
        parser.check()?;
        Ok(parser)
    }

    pub(super) fn template(&mut self) -> Result<(), Fault> {
        self.body(&[])?;
        match self.late.take() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// The engine's template, the unknown names, and which of them Jinja2 refuses the template for.
    pub(super) fn finish(self) -> (String, Vec<Unknown>, Option<usize>) {
        let refused = self.unknown.iter().position(|(_, soft)| !soft);
        let unknown = self.unknown.into_iter().map(|(unknown, _)| unknown);
        (self.output.finish(), unknown.collect(), refused)
    }

    /// Statements and data up to one of `ends`, at whose name it stops.
    fn body(&mut self, ends: &[&str]) -> Result<(), Fault> {
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
                    self.output.variable(&value.text, value.line);
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
    fn whole_body(&mut self, end: &'static str) -> Result<(), Fault> {
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
            let test = test.bound(Binding::Filter);
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
            head.push_str(&test.bound(Binding::Filter));
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

    /// The engine cannot assign to this crate's namespaces: the value goes through a variable.
    fn without_attributes(
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

    fn macro_statement(&mut self, line: usize) -> Result<(), Fault> {
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

    fn signature(&mut self) -> Result<Vec<(String, Option<String>)>, Fault> {
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

    fn call_statement(&mut self, line: usize) -> Result<(), Fault> {
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
            self.output.variable(&value.text, value.line);
        }
        Ok(())
    }

    fn autoescape_statement(&mut self, line: usize) -> Result<(), Fault> {
        let value = self.expression()?.bound(Binding::Filter);
        self.output.block(&format!("autoescape {value}"), line);
        self.whole_body("endautoescape")
    }

    /// `extends`, `include`, `import` and `from`: there are no other templates, so all of them fail when they are reached.
    fn loading_statement(&mut self, line: usize) -> Result<(), Fault> {
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

    fn imported(&mut self) -> Result<(), Fault> {
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

    fn context(&mut self) -> Result<bool, Fault> {
        let found =
            (self.is_name("with") || self.is_name("without")) && self.next_is_name("context");
        if found {
            self.advance()?;
            self.advance()?;
        }
        Ok(found)
    }

    fn target(&mut self, attributes: bool, end: &str) -> Result<Target, Fault> {
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

    fn assignable(&self, name: &str) -> Result<(), Fault> {
        match name {
            "true" | "false" | "none" | "True" | "False" | "None" => {
                Err(self.fault(format!("cannot assign to `{name}`")))
            }
            _ => Ok(()),
        }
    }

    fn temporary(&mut self) -> String {
        self.temporaries += 1;
        format!("py_{}", self.temporaries)
    }

    /// Stands for the text that a filter block is about.
    fn placeholder(&self) -> Piece {
        let mut piece = Piece::name(PLACEHOLDER, self.line());
        piece.shape = Shape::Other;
        piece
    }

    fn late(&mut self, fault: Fault) {
        self.late.get_or_insert(fault);
    }

    /// Whether there is such a filter or test; one that there is not is noted.
    pub(super) fn known(&mut self, test: bool, name: &str, line: usize) -> bool {
        let known = names::exists(test, name);
        if !known {
            let message = names::unknown(test, name);
            self.unknown.push((Unknown { line, message }, self.soft));
        }
        known
    }

    /// The unknown names since then stand in a branch.
    pub(super) fn soften(&mut self, since: usize) {
        for (_, soft) in self.unknown.iter_mut().skip(since) {
            *soft = true;
        }
    }

    /// Notes what a macro uses of its call.
    pub(super) fn names_in_macro(&mut self, name: &str) {
        for uses in &mut self.macros {
            match name {
                "varargs" => uses.varargs = true,
                "kwargs" => uses.kwargs = true,
                "caller" => uses.caller = true,
                _ => {}
            }
        }
    }
}

/// A name that no template can use by accident.
const PLACEHOLDER: &str = "py_text";

fn written(target: &Target) -> String {
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

fn mentions(target: &Target, word: &str) -> bool {
    match target {
        Target::Name(name) => name == word,
        Target::Attribute(..) => false,
        Target::Tuple(items) => items.iter().any(|item| mentions(item, word)),
    }
}

/// Tokens.
impl<'a> Parser<'a> {
    pub(super) fn kind(&self) -> &Kind<'a> {
        &self.tokens[self.at].kind
    }

    pub(super) fn line(&self) -> usize {
        self.tokens[self.at].line
    }

    fn next(&self) -> Option<&Kind<'a>> {
        self.tokens.get(self.at + 1).map(|token| &token.kind)
    }

    /// The end is never passed.
    pub(super) fn advance(&mut self) -> Result<(), Fault> {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        self.check()
    }

    fn check(&self) -> Result<(), Fault> {
        match self.kind() {
            Kind::Failure(fault) => Err(fault.clone()),
            _ => Ok(()),
        }
    }

    pub(super) fn is_operator(&self, operator: &str) -> bool {
        matches!(self.kind(), Kind::Operator(found) if *found == operator)
    }

    pub(super) fn next_is_operator(&self, operator: &str) -> bool {
        matches!(self.next(), Some(Kind::Operator(found)) if *found == operator)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.kind(), Kind::Name(found) if *found == name)
    }

    pub(super) fn next_is_name(&self, name: &str) -> bool {
        matches!(self.next(), Some(Kind::Name(found)) if *found == name)
    }

    /// Passes a word. What stands behind it is looked at by whoever reads on, so a fault there is not lost.
    pub(super) fn skip_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        if found && self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        found
    }

    pub(super) fn expect(&mut self, operator: &'static str) -> Result<(), Fault> {
        if self.is_operator(operator) {
            return self.advance();
        }
        self.check()?;
        Err(self.fault(format!("expected `{operator}`, got {}", self.shown())))
    }

    pub(super) fn expect_name(&mut self) -> Result<&'a str, Fault> {
        self.check()?;
        let Kind::Name(name) = *self.kind() else {
            return Err(self.fault(format!("expected a name, got {}", self.shown())));
        };
        self.advance()?;
        Ok(name)
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Fault> {
        if self.is_name(word) {
            return self.advance();
        }
        self.check()?;
        Err(self.fault(format!("expected `{word}`, got {}", self.shown())))
    }

    fn expect_kind(&mut self, kind: &Kind<'a>) -> Result<(), Fault> {
        if self.kind() == kind {
            return self.advance();
        }
        self.check()?;
        let end = match kind {
            Kind::VariableEnd => "}}",
            _ => "%}",
        };
        Err(self.fault(format!("expected `{end}`, got {}", self.shown())))
    }

    /// A fault at the current token.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        match self.kind() {
            Kind::Failure(fault) => fault.clone(),
            _ => Fault::new(self.line(), message),
        }
    }

    /// The current token in a message.
    pub(super) fn shown(&self) -> String {
        match self.kind() {
            Kind::Data(_) => "text".into(),
            Kind::BlockBegin => "`{%`".into(),
            Kind::BlockEnd => "`%}`".into(),
            Kind::VariableBegin => "`{{`".into(),
            Kind::VariableEnd => "`}}`".into(),
            Kind::Name(name) => format!("`{name}`"),
            Kind::Text(_) => "a text".into(),
            Kind::Integer(number) | Kind::Float(number) => format!("`{number}`"),
            Kind::Operator(operator) => format!("`{operator}`"),
            Kind::End => "the end of the template".into(),
            Kind::Failure(fault) => fault.message.clone(),
        }
    }
}
