//! The mappings of plugin.yaml.

use super::stk_yaml::LINK_KEYS;
use super::{Form, Key, Shape, Type, V1, V1_V2, V2_V3, V3, Variant, key, semantic_version};
use crate::definition::{ConditionOperator, InputKind};

pub(crate) static TOP: Shape = Shape::new(
    "plugin.yaml",
    &[
        key(
            "schema-version",
            Type::Choice(|| vec!["v1", "v2", "v3"]),
            "The version of this file's format: `v1`, `v2` or `v3`.",
        )
        .required(),
        key(
            "kind",
            Type::Choice(|| vec!["plugin"]),
            "What the file is: `plugin`.",
        )
        .required(),
        key(
            "metadata",
            Type::Mapping(&METADATA),
            "What the plugin is called, and its version.",
        )
        .required(),
        key(
            "spec",
            Type::Mapping(&SPEC),
            "What the plugin asks for, what it requires and what it generates.",
        )
        .required(),
    ],
);

const VERSION: Form = Form {
    pattern: concat!("^", semantic_version!(), "$"),
    message: "Write three numbers, such as 1.0.0",
    scalars: &[],
};

pub(crate) static METADATA: Shape = Shape::new(
    "metadata of plugin.yaml",
    &[
        key(
            "name",
            Type::Text,
            "The plugin's name: lower-case letters and digits with single `-` between them, at most 60 characters.",
        )
        .required(),
        key("display-name", Type::Text, "The name that people see. StackSpot asks for it."),
        key("description", Type::Text, "What the plugin does. StackSpot asks for it."),
        key(
            "version",
            Type::Matching(&VERSION),
            "The plugin's version, such as `1.0.0`: the one that stk.yaml applies.",
        )
        .required(),
        key("picture", Type::Any, "The path of the plugin's picture."),
    ],
);

pub(crate) static SPEC: Shape = Shape::new(
    "spec of plugin.yaml",
    &[
        key(
            "type",
            Type::Choice(|| vec!["infra", "app"]),
            "`infra` for a plugin that is deployed with Terraform, `app` for one that only writes files.",
        )
        .required(),
        key(
            "runtime",
            Type::Mapping(&RUNTIME),
            "What the deployment runs with. StackSpot asks for it in infra plugins.",
        )
        .only_in(V2_V3),
        key("docs", Type::Any, "The plugin's documents by language: `pt-br`, `en-us`."),
        key("about", Type::Any, "The path of a document.").only_in(V1_V2),
        key("implementation", Type::Any, "The path of a document.").only_in(V1_V2),
        key("requirements", Type::Any, "The path of a document.").only_in(V1_V2),
        key("release-notes", Type::Any, "The path of a document.").only_in(V1_V2),
        key("usage", Type::Any, "The path of a document.").only_in(V1_V2),
        key("compatibility", Type::Any, "What the plugin can be used with, as a list."),
        key("technologies", Type::Any, "The technologies that the plugin uses, as a list."),
        key("repository", Type::Any, "The address of the plugin's repository."),
        key(
            "single-use",
            Type::Boolean,
            "Whether a project may apply the plugin only once.",
        )
        .only_in(V2_V3),
        key(
            "stk-projects-only",
            Type::Boolean,
            "Whether the plugin can only be applied to StackSpot projects.",
        )
        .only_in(V2_V3),
        key("app-allowed", Type::Boolean, "Whether an app may apply this infra plugin."),
        key("justification", Type::Any, "Why the plugin is as it is.").only_in(V2_V3),
        key(
            "inputs",
            INPUTS,
            "What the plugin asks for. A name may stand twice, with conditions that exclude each other.",
        ),
        key(
            "inputs-envs",
            INPUTS,
            "Inputs whose values differ from environment to environment; no connections.",
        ),
        key(
            "computed-inputs",
            Type::MapOf(&Type::Any),
            "Values that are computed from the inputs, as Jinja; a later one may use an earlier one.",
        ),
        key(
            "global-computed-inputs",
            Type::MapOf(&Type::Any),
            "Computed values that all plugins of the project see.",
        ),
        key("hooks", Type::Any, "What runs when the plugin is applied to a repository; never at a deployment."),
        key("requires", Type::Mapping(&REQUIRES), "What must be there before the plugin is deployed."),
        key("generates", Type::Mapping(&GENERATES), "What the plugin publishes when it is deployed."),
        key("outputs", Type::MapOf(&Type::Any), "Outputs of the plugin, as texts by name.").only_in(V3),
        key(
            "allowed-resource-fork",
            Type::List(&Type::Text),
            "The Terraform resource types that a fork of the plugin may change.",
        )
        .only_in(V3),
    ],
);

pub(crate) static RUNTIME: Shape = Shape::new(
    "runtime of plugin.yaml",
    &[key(
        "environment",
        Type::List(&Type::Text),
        "The tools that the deployment needs: `terraform-1-4`, `aws-cli-2`, `git-2`.",
    )],
);

pub(crate) static REQUIRES: Shape = Shape::new(
    "requires of plugin.yaml",
    &[
        key(
            "connections",
            SLOTS,
            "The slots for connections that the plugin reads. Schema v3 has inputs of type `required-connection` instead.",
        )
        .only_in(V2_V3),
        key(
            "connection-interface",
            Type::List(&Type::TextOrMapping(&INTERFACE)),
            "The types of the connections that the plugin reads.",
        )
        .only_in(V1),
        key("plugin", Type::Any, "Plugins that must be applied too.").only_in(V1),
        key("plugins", Type::Any, "Plugins that must be applied too.").only_in(V3),
        key(
            "variables",
            Type::List(&Type::Text),
            "The account's variables that the plugin reads, in upper case.",
        )
        .only_in(V3),
        key("actions", Type::Any, "Actions that must be there.").only_in(V3),
    ],
);

pub(crate) static GENERATES: Shape = Shape::new(
    "generates of plugin.yaml",
    &[
        key(
            "connections",
            SLOTS,
            "The connections that the plugin publishes.",
        )
        .only_in(V2_V3),
        key(
            "connection-interface",
            Type::List(&Type::TextOrMapping(&INTERFACE)),
            "The types of the connections that the plugin publishes.",
        )
        .only_in(V1),
        key("link", PLUGIN_LINKS, "Links for StackSpot's portal.").only_in(V1),
        key("links", PLUGIN_LINKS, "Links for StackSpot's portal.").only_in(V2_V3),
    ],
);

const SLOTS: Type = Type::List(&Type::Mapping(&SLOT));
const PLUGIN_LINKS: Type = Type::List(&Type::Mapping(&PLUGIN_LINK));

static PLUGIN_LINK: Shape = Shape {
    is_open: true,
    ..Shape::new("a link of plugin.yaml", LINK_KEYS)
};

static INTERFACE: Shape = Shape {
    is_open: true,
    ..Shape::new(
        "a connection interface of schema v1",
        &[key("type", Type::Text, "The connection interface type.").required()],
    )
};

pub(crate) static SLOT: Shape = Shape::new(
    "a slot for a connection",
    &[
        key(
            "type",
            Type::Text,
            "The connection interface type, such as `aws-s3-conn`.",
        )
        .required(),
        key(
            "alias",
            Type::Text,
            "The plugin's name for the slot: `connections['<alias>']` in templates, `alias` in stk.yaml.",
        )
        .required(),
        key(
            "outputs",
            OUTPUTS,
            "Which Terraform output becomes which attribute of a generated connection.",
        ),
    ],
);

const OUTPUTS: Type = Type::List(&Type::Mapping(&OUTPUT));

pub(crate) static OUTPUT: Shape = Shape::new(
    "an output",
    &[
        key(
            "from",
            Type::Text,
            "The name of a Terraform `output` in `templates-deploy`.",
        )
        .required(),
        key(
            "to",
            Type::Text,
            "The attribute of the connection interface type.",
        )
        .required(),
    ],
);

const INPUT_NAME: Form = Form {
    pattern: "^[A-Za-z0-9_-]+$",
    message: "An input's name is made of letters, digits, _ and -",
    scalars: &["integer", "boolean"],
};
const NAME: Key = key(
    "name",
    Type::Matching(&INPUT_NAME),
    "The input's name. With a `-` in it, templates read it as `inputs['a-b']`.",
);
const INPUTS: Type = Type::List(&Type::Definition(|| &INPUT, &[NAME.required()]));
const REQUIRED: Key = key(
    "required",
    Type::Boolean,
    "Whether a value must be given. A required connection always is, so it does not say it.",
);
const OBJECT_INPUTS: Key = key("inputs", INPUTS, "The inputs of an `object`.").only_in(V3);
const LIST_INPUT: Key = key(
    "input",
    Type::Definition(|| &INPUT, &[]),
    "What each item of a `list` is: an input without a name.",
)
.only_in(V3);
const CONNECTION_OUTPUTS: Key = key(
    "outputs",
    OUTPUTS,
    "Which Terraform output becomes which attribute of the generated connection.",
)
.only_in(V3);

pub(crate) static INPUT: Shape = Shape {
    variants: &[
        Variant {
            key: "type",
            values: &["object"],
            keys: &[OBJECT_INPUTS],
        },
        Variant {
            key: "type",
            values: &["list"],
            keys: &[LIST_INPUT.required()],
        },
        Variant {
            key: "type",
            values: &["generated-connection"],
            keys: &[CONNECTION_OUTPUTS],
        },
        Variant {
            key: "type",
            values: OPTIONAL,
            keys: &[REQUIRED],
        },
    ],
    ..Shape::new(
        "an input",
        &[
            key("label", Type::Text, "What a person is asked."),
            Key { kind: Type::Any, ..NAME },
            key(
                "type",
                Type::Choice(InputKind::names),
                "The input's type. Schema v3 adds `list`, `object`, `required-connection` and `generated-connection`; `number` is an old word.",
            )
            .required(),
            key("description", Type::Any, "What the input is for."),
            Key { kind: Type::Any, ..REQUIRED },
            key("default", Type::Any, "The value when none is given."),
            key("pattern", Type::Text, "A regular expression for text."),
            key("help", Type::Any, "What helps a person to answer."),
            key(
                "global",
                Type::Boolean,
                "Whether it is asked once for the whole project: its value stands in `global-inputs` of stk.yaml.",
            ),
            key(
                "items",
                Type::List(&Type::Any),
                "The values that a `select` or `multiselect` offers.",
            ),
            key("external-items", Type::Mapping(&EXTERNAL_ITEMS), "Where the offered values come from: `source`, `value`, `label`."),
            key(
                "condition",
                Type::Mapping(&CONDITION),
                "When the input is asked for. When it is not, it has no value: guard templates with `is defined`.",
            ),
            key("add-question", Type::Any, "What a person is asked before each further item of a `list`.")
                .only_in(V3),
            Key { kind: Type::Any, ..LIST_INPUT },
            Key { kind: Type::Any, ..OBJECT_INPUTS },
            key(
                "connection-interface-type",
                Type::Text,
                "The type of a connection input, such as `aws-s3-conn`.",
            )
            .only_in(V3),
            Key { kind: Type::Any, ..CONNECTION_OUTPUTS },
        ],
    )
};

/// The types that can say whether they are required.
const OPTIONAL: &[&str] = &[
    "text",
    "textarea",
    "bool",
    "int",
    "number",
    "password",
    "select",
    "multiselect",
    "list",
    "object",
    "generated-connection",
];

pub(crate) static EXTERNAL_ITEMS: Shape = Shape::new(
    "a source of items",
    &[
        key("source", Type::Any, "Where the items are read from."),
        key("value", Type::Any, "Which part of an item is its value."),
        key("label", Type::Any, "Which part of an item is shown."),
    ],
);

pub(crate) static CONDITION: Shape = Shape::new(
    "a condition",
    &[
        key(
            "variable",
            Type::Text,
            "The name of the input that decides.",
        )
        .required(),
        key(
            "operator",
            Type::Choice(ConditionOperator::names),
            "How the deciding input is compared with `value`.",
        )
        .required(),
        key(
            "value",
            Type::Any,
            "What it is compared with: a scalar or a list.",
        ),
    ],
);
