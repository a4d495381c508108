//! A template as a tree, with as much of it as matters for what it reads.

use std::collections::BTreeSet;

/// An expression, and where what it is known by stands: a name, the attribute after the last dot, a subscript.
#[derive(Debug)]
pub(super) struct Expression {
    pub(super) what: What,
    /// Byte of the source.
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) enum What {
    Name(String),
    Text(String),
    Index(usize),
    /// A literal without a name in it.
    Constant,
    Attribute(Box<Expression>, String),
    Subscript(Box<Expression>, Box<Expression>),
    Call(Box<Expression>, Vec<Expression>),
    Filter(Box<Expression>, String, Vec<Expression>),
    Test(Box<Expression>, Vec<Expression>),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    /// `a in b`, or `a not in b`.
    In(Box<Expression>, Box<Expression>),
    Comparison(Vec<Expression>),
    /// Anything else that is made of its parts: arithmetic, a slice, a dictionary.
    Parts(Vec<Expression>),
    /// A list or tuple.
    List(Vec<Expression>),
    /// `value if test else other`
    Choice(Box<Choice>),
}

#[derive(Debug)]
pub(super) struct Choice {
    pub(super) value: Expression,
    pub(super) test: Expression,
    pub(super) other: Option<Expression>,
}

/// What is assigned to.
#[derive(Debug)]
pub(super) enum Target {
    Name(String),
    /// An attribute of a namespace.
    Attribute,
    Tuple(Vec<Self>),
}

impl Target {
    fn names(&self, into: &mut BTreeSet<String>) {
        match self {
            Self::Name(name) => {
                into.insert(name.clone());
            }
            Self::Attribute => {}
            Self::Tuple(items) => items.iter().for_each(|item| item.names(into)),
        }
    }
}

/// Every name that something is assigned to, in whichever scope.
pub(super) fn assigned(statements: &[Statement], into: &mut BTreeSet<String>) {
    for statement in statements {
        match statement {
            Statement::Print(_) => {}
            Statement::If(branches) => {
                for (_, body) in branches {
                    assigned(body, into);
                }
            }
            Statement::For(repeated) => {
                repeated.target.names(into);
                assigned(&repeated.body, into);
                assigned(&repeated.other, into);
            }
            Statement::Set(target, _) => target.names(into),
            Statement::SetBlock(target, _, body) => {
                target.names(into);
                assigned(body, into);
            }
            Statement::With(pairs, body) => {
                for (target, _) in pairs {
                    target.names(into);
                }
                assigned(body, into);
            }
            Statement::Macro(block) | Statement::Call(block, _) => {
                into.insert(block.name.clone());
                for (name, _) in &block.parameters {
                    into.insert(name.clone());
                }
                assigned(&block.body, into);
            }
            Statement::Scope(_, body) => assigned(body, into),
        }
    }
}

#[derive(Debug)]
pub(super) enum Statement {
    Print(Expression),
    /// Each branch with its test; an `else` has none.
    If(Vec<(Option<Expression>, Vec<Self>)>),
    For(For),
    Set(Target, Expression),
    SetBlock(Target, Vec<Expression>, Vec<Self>),
    With(Vec<(Target, Expression)>, Vec<Self>),
    Macro(Macro),
    Call(Macro, Expression),
    /// A body in a scope of its own: `filter`, `autoescape`. Expressions come first.
    Scope(Vec<Expression>, Vec<Self>),
}

#[derive(Debug)]
pub(super) struct For {
    pub(super) target: Target,
    pub(super) items: Expression,
    pub(super) test: Option<Expression>,
    pub(super) body: Vec<Statement>,
    pub(super) other: Vec<Statement>,
}

/// A macro, a `block`, or the block of a `call`; those have no name.
#[derive(Debug)]
pub(super) struct Macro {
    pub(super) name: String,
    pub(super) parameters: Vec<(String, Option<Expression>)>,
    pub(super) body: Vec<Statement>,
}
