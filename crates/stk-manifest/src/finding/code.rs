//! The stable codes of findings.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $code:literal,)+) => {
        /// What kind of thing a finding is about. The text (`STK001`…) is stable: scripts may rely on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingCode {
            $($(#[$doc])+ $name,)+
        }

        impl FindingCode {
            /// Every code, in ascending order.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stable text, `STK` and three digits.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }

            /// What the code means, why it matters, an example with the mistake and one without, and what to do, as
            /// Markdown. The first line is a heading: the code and [`FindingCode::title`].
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("explanations/", $code, ".md")),)+
                }
            }
        }
    };
}

codes! {
    /// The text is not YAML.
    Syntax = "STK001",
    /// The document is larger, deeper or expands further than any real one.
    TooLarge = "STK002",
    /// A key stands twice in one mapping.
    DuplicateKey = "STK003",
    /// A value has another YAML type than the format says.
    WrongShape = "STK004",
    /// A key that the format does not know (a warning: the format grows).
    UnknownKey = "STK005",
    /// A scalar that cannot be kept exactly as it is written, or a tag that is ignored.
    OddScalar = "STK006",
    /// `schema-version` is missing or unknown.
    SchemaVersion = "STK010",
    /// `kind` is not the one that this file must have.
    DocumentKind = "STK011",
    /// A key that must be there is missing or empty.
    MissingKey = "STK012",
    /// An alias that cannot be a folder and a Terraform module name.
    InvalidAlias = "STK013",
    /// Two applied plugins with one alias.
    DuplicateAlias = "STK014",
    /// A plugin reference that is none of the known spellings, or whose version is not one.
    InvalidQualifier = "STK015",
    /// A connection entry without a name, a slot or a type; or two entries for one slot.
    InvalidConnection = "STK016",
    /// Nothing in stk.yaml says which project this is.
    NoIdentity = "STK017",
    /// A value outside the fixed list that the format gives.
    InvalidChoice = "STK018",
    /// An input definition in plugin.yaml that cannot be used.
    InvalidInput = "STK030",
    /// A condition in plugin.yaml that cannot be evaluated.
    InvalidCondition = "STK031",
    /// The plugin's own name or version is malformed.
    InvalidMetadata = "STK032",
    /// An applied plugin for which no plugin.yaml was given.
    NoDefinition = "STK033",
    /// plugin.yaml is of another version than stk.yaml applies.
    VersionMismatch = "STK034",
    /// plugin.yaml is of another plugin than stk.yaml applies.
    NameMismatch = "STK035",
    /// A required input has no value.
    MissingInput = "STK040",
    /// A value that the input's declared type does not take.
    WrongInputType = "STK041",
    /// stk.yaml gives an input that the plugin does not declare.
    UnknownInput = "STK042",
    /// stk.yaml gives an input whose condition does not hold.
    ConditionedOut = "STK043",
    /// A value that is not among the input's items.
    NotAnItem = "STK044",
    /// A secret whose value is not in stk.yaml, or should not be.
    SecretInput = "STK045",
    /// An input with values by environment has none for this environment.
    NoValueForEnvironment = "STK046",
    /// stk.yaml fills a connection slot that the plugin does not have.
    UnknownSlot = "STK047",
    /// A connection that the plugin needs or generates is not selected in stk.yaml.
    MissingConnection = "STK048",
    /// A connection of another type than the slot has.
    ConnectionType = "STK049",
    /// An applied plugin of one type (`app`, `infra`) whose plugin.yaml says the other.
    KindMismatch = "STK050",
    /// A value that the input's `pattern` refuses, or a pattern that cannot be checked.
    PatternMismatch = "STK051",
    /// A plugin applied against its own rules: `single-use`, `app-allowed`.
    ApplyRule = "STK052",
    /// A variable that the plugin requires and that no deployment here has.
    UnknownVariable = "STK053",
    /// More findings than are shown.
    MoreFindings = "STK054",
    /// Plugins that need each other in a circle.
    Cycle = "STK060",
    /// Two plugins that generate one connection.
    TwoGenerators = "STK061",
    /// A plugin was removed whose connection another one still requires.
    StillRequired = "STK062",
    /// A plugin no longer generates a connection that another one still requires.
    NoLongerGenerated = "STK063",
    /// A connection that nothing generates and the workspace does not have.
    UnknownConnection = "STK064",
    /// A plugin's source has no templates, or they cannot be read.
    NoTemplates = "STK070",
    /// A template that is not valid Jinja.
    TemplateSyntax = "STK071",
    /// A connection that is required as another type than the plugin generates that fills it.
    ConnectionTypes = "STK080",
    /// A template reads an attribute that the plugin which generates the connection does not give it.
    MissingAttribute = "STK081",
    /// An attribute of a generated connection is filled from a Terraform output that no template declares.
    MissingOutput = "STK082",
    /// A generated connection that no plugin of the project requires (a note: another project may).
    UnusedConnection = "STK083",
    /// A template prints something that has no value.
    UndefinedValue = "STK084",
    /// A template reads a connection for which its plugin has no slot.
    UndeclaredSlot = "STK085",
}

impl FindingCode {
    /// The code that `text` names, in capitals or not.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::ALL
            .iter()
            .find(|code| code.as_str().eq_ignore_ascii_case(text))
            .copied()
    }

    /// What the code is about, on one line.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.explanation()
            .lines()
            .next()
            .and_then(|heading| heading.split_once(": "))
            .map_or("", |(_, title)| title)
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for FindingCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::FindingCode;

    #[test]
    fn every_explanation_starts_with_its_code() {
        for code in FindingCode::ALL {
            let heading = format!("# {code}: {}\n\n", code.title());
            assert!(code.explanation().starts_with(&heading), "{code}");
            assert!(!code.title().is_empty(), "{code}");
            assert_eq!(
                FindingCode::find(&code.as_str().to_lowercase()),
                Some(*code)
            );
        }
        assert_eq!(FindingCode::find("STK999"), None);
    }

    #[test]
    fn codes_ascend_and_the_table_has_each() {
        let readme = include_str!("../../README.md");
        let mut last = "";
        for code in FindingCode::ALL {
            assert!(code.as_str() > last, "{code} follows {last}");
            last = code.as_str();
            assert!(
                readme.contains(&format!("| {code} |")),
                "{code} is missing from the README's table"
            );
        }
    }
}
