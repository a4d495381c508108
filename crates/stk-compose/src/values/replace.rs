//! One file: each token by what the parser finds around it.

use std::collections::BTreeSet;
use std::ops::Range;

use hcl_edit::expr::{Expression, FuncName, ObjectKey, TraversalOperator};
use hcl_edit::structure::{Attribute, Block, BlockLabel, Body};
use hcl_edit::template::Element;
use hcl_edit::visit::{
    Visit, visit_attr, visit_block, visit_element, visit_expr, visit_object_key,
    visit_traversal_operator,
};
use hcl_edit::{Decorated, Ident, Span};

use super::{Problem, Token};
use crate::line_of;

/// A file without its tokens.
pub(super) struct Replaced<'t> {
    pub(super) text: String,
    pub(super) variables: BTreeSet<&'t str>,
}

/// A token that cannot be replaced.
pub(super) struct Found {
    pub(super) line: u32,
    pub(super) token: Option<String>,
    pub(super) problem: Problem,
}

/// Every token of a file that none can be replaced in.
pub(super) fn first(text: &str, tokens: &[Token<'_>], problem: Problem) -> Vec<Found> {
    let found = occurrences(text, tokens).into_iter();
    found
        .map(|(range, token)| Found {
            line: line_of(text, range.start),
            token: Some(token.text.to_owned()),
            problem: problem.clone(),
        })
        .collect()
}

/// The text with `***` for every token.
pub(super) fn hidden(text: &str, tokens: &[Token<'_>]) -> String {
    let mut hidden = text.to_owned();
    for token in tokens {
        hidden = hidden.replace(token.text, "***");
    }
    hidden
}

pub(super) fn replace<'t>(text: &str, tokens: &[Token<'t>]) -> Result<Replaced<'t>, Vec<Found>> {
    let body: Body = text.parse().map_err(|error: hcl_edit::parser::Error| {
        let line = u32::try_from(error.location().line()).unwrap_or(u32::MAX);
        vec![Found {
            line,
            token: None,
            problem: Problem::Unreadable(error.message().to_owned()),
        }]
    })?;
    let mut places = Places::default();
    places.visit_body(&body);
    let mut errors = Vec::new();
    let mut variables = BTreeSet::new();
    let mut replaced = String::with_capacity(text.len());
    let mut at = 0;
    for (range, token) in occurrences(text, tokens) {
        let reference = format!("var.{}", token.variable.name);
        let filled = match places.around(&range) {
            // Nothing but a comment is outside of everything that has a place.
            None => Ok(reference),
            Some((_, Place::Text)) => Ok(format!("${{{reference}}}")),
            Some((whole, Place::Name)) if *whole == range => Ok(reference),
            Some((whole, Place::Key)) if *whole == range => Ok(format!("({reference})")),
            Some((whole, Place::Name | Place::Key)) => Err(Problem::PartOfName(
                text.get(whole.clone()).unwrap_or_default().to_owned(),
            )),
            Some((_, Place::Impossible(what))) => Err(Problem::Place(what)),
        };
        match filled {
            Ok(filled) => {
                replaced.push_str(text.get(at..range.start).unwrap_or_default());
                replaced.push_str(&filled);
                at = range.end;
                variables.insert(token.variable.name.as_str());
            }
            Err(problem) => errors.push(Found {
                line: line_of(text, range.start),
                token: Some(token.text.to_owned()),
                problem,
            }),
        }
    }
    replaced.push_str(text.get(at..).unwrap_or_default());
    if errors.is_empty() {
        Ok(Replaced {
            text: replaced,
            variables,
        })
    } else {
        Err(errors)
    }
}

/// Every token in `text`, in order.
fn occurrences<'a, 't>(text: &str, tokens: &'a [Token<'t>]) -> Vec<(Range<usize>, &'a Token<'t>)> {
    let mut found: Vec<_> = tokens
        .iter()
        .flat_map(|token| {
            let places = text.match_indices(token.text);
            places.map(move |(start, _)| (start..start + token.text.len(), token))
        })
        .collect();
    found.sort_by_key(|(range, _)| range.start);
    found
}

/// What a token stands in.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// The name of a variable in an expression.
    Name,
    /// The key of an object, without quotes.
    Key,
    /// A text or a piece of one.
    Text,
    /// Where Terraform takes no reference: what it would be.
    Impossible(&'static str),
}

/// The places of a file, as they are visited: outer ones before inner ones.
#[derive(Default)]
struct Places {
    places: Vec<(Range<usize>, Place)>,
    /// The names of the blocks around what is visited.
    blocks: Vec<String>,
    /// Why nothing below can be a reference.
    constant: Option<&'static str>,
}

impl Places {
    /// The smallest place around `range`.
    fn around(&self, range: &Range<usize>) -> Option<&(Range<usize>, Place)> {
        self.places
            .iter()
            .filter(|(place, _)| place.start <= range.start && range.end <= place.end)
            .min_by_key(|(place, _)| place.len())
    }

    fn add(&mut self, span: Option<Range<usize>>, place: Place) {
        let place = match (place, self.constant) {
            (Place::Impossible(_), _) | (_, None) => place,
            (_, Some(what)) => Place::Impossible(what),
        };
        if let Some(span) = span {
            self.places.push((span, place));
        }
    }
}

/// Why nothing in the attribute `key` of the innermost block of `blocks` can refer to a variable.
fn constant(blocks: &[String], key: &str) -> Option<&'static str> {
    let block = blocks.last().map(String::as_str);
    let outer = blocks.first().map(String::as_str);
    Some(match (outer, block, key) {
        (Some("module"), Some("module"), "source") => "the source of a module",
        (Some("module"), Some("module"), "version") => "the version of a module",
        (Some("variable"), _, "default") => {
            "the default of a variable, which must be a constant; put it where `var.…` is used now, or in `locals`"
        }
        (Some("variable"), Some("variable"), _) => "a part of a variable's declaration",
        (Some("terraform"), _, _) => "a part of the `terraform` block, which must be constant",
        (Some("moved" | "removed"), _, _) => "an address",
        (_, Some("lifecycle"), _) => "a part of a `lifecycle` block, which must be constant",
        (_, _, "depends_on") => "a dependency",
        (Some("resource" | "data"), Some("resource" | "data"), "provider") => {
            "the name of a provider configuration"
        }
        (Some("provider"), Some("provider"), "alias" | "version") => {
            "the name or the version of a provider configuration"
        }
        _ => return None,
    })
}

impl Visit for Places {
    fn visit_block(&mut self, node: &Block) {
        self.add(node.ident.span(), Place::Impossible("the type of a block"));
        self.blocks.push(node.ident.as_str().to_owned());
        visit_block(self, node);
        self.blocks.pop();
    }

    fn visit_block_label(&mut self, node: &BlockLabel) {
        let span = match node {
            BlockLabel::Ident(name) => name.span(),
            BlockLabel::String(text) => text.span(),
        };
        self.add(
            span,
            Place::Impossible(
                "the name of a block: Terraform must know all names before it knows any value",
            ),
        );
    }

    fn visit_attr(&mut self, node: &Attribute) {
        self.add(
            node.key.span(),
            Place::Impossible("the name of an argument"),
        );
        let outer = self.constant;
        self.constant = outer.or_else(|| constant(&self.blocks, node.key.as_str()));
        visit_attr(self, node);
        self.constant = outer;
    }

    fn visit_expr(&mut self, node: &Expression) {
        match node {
            Expression::Variable(name) => self.add(name.span(), Place::Name),
            Expression::String(text) => self.add(text.span(), Place::Text),
            _ => visit_expr(self, node),
        }
    }

    fn visit_object_key(&mut self, node: &ObjectKey) {
        match node {
            ObjectKey::Ident(name) => self.add(name.span(), Place::Key),
            // The parser takes a name alone for an expression in some places.
            ObjectKey::Expression(Expression::Variable(name)) => self.add(name.span(), Place::Key),
            ObjectKey::Expression(_) => visit_object_key(self, node),
        }
    }

    fn visit_element(&mut self, node: &Element) {
        if let Element::Literal(text) = node {
            self.add(text.span(), Place::Text);
        } else {
            visit_element(self, node);
        }
    }

    fn visit_traversal_operator(&mut self, node: &TraversalOperator) {
        if let TraversalOperator::GetAttr(name) = node {
            self.add(
                name.span(),
                Place::Impossible("the name of an attribute; write `[…]` instead of `.…`"),
            );
        } else {
            visit_traversal_operator(self, node);
        }
    }

    fn visit_func_name(&mut self, node: &FuncName) {
        for name in node.namespace.iter().chain([&node.name]) {
            self.add(name.span(), Place::Impossible("the name of a function"));
        }
    }

    fn visit_ident(&mut self, node: &Decorated<Ident>) {
        // What is left are the variables of `for`, and what was added above already.
        let span = node.span();
        let known = |(place, _): &(Range<usize>, Place)| Some(place) == span.as_ref();
        if !self.places.iter().rev().take(2).any(known) {
            self.add(span, Place::Impossible("a name that the file declares"));
        }
    }
}
