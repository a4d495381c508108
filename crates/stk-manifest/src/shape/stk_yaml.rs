//! The mappings of stk.yaml.

use super::{Form, Key, Shape, Type, V1, V2_V3, Variant, key, semantic_version, slug};

pub(crate) static TOP: Shape = Shape::new(
    "stk.yaml",
    &[
        key(
            "schema-version",
            Type::Choice(|| vec!["v1", "v2", "v3"]),
            "The version of this file's format: `v2`, or `v1` in projects from before September 2023.",
        )
        .required(),
        key(
            "kind",
            Type::Choice(|| vec!["manifest"]),
            "What the file is: `manifest`.",
        )
        .required(),
        key(
            "metadata",
            Type::Mapping(&METADATA),
            "What the project is called and what it was made from. Missing in projects outside a workspace.",
        ),
        key(
            "spec",
            Type::Mapping(&SPEC),
            "The project: its kind, its plugins and the inputs that they share.",
        )
        .required(),
    ],
);

pub(crate) static METADATA: Shape = Shape::new(
    "metadata of stk.yaml",
    &[
        key(
            "name",
            Type::Text,
            "The project's name. Without `infra-id` or `app-id` in `spec` it is what identifies the project in the stores.",
        ),
        key(
            "description",
            Type::Text,
            "What the project is, in any words.",
        ),
        key(
            "stack-version-id",
            Type::Text,
            "The id of the stack's version that the project was made from; StackSpot writes it.",
        ),
        key(
            "stack",
            Type::Text,
            "The stack that the project was made from: `slug` or `slug@1.0.39`.",
        ),
        key(
            "starter",
            Type::Text,
            "The starter that the project was made from: `studio/stack@1.0.0/starter`.",
        ),
        key(
            "app-id",
            Type::Any,
            "An app's id in drafts of schema v1; not read here. It belongs into `spec`.",
        )
        .only_in(V1),
        key(
            "infra-id",
            Type::Any,
            "An infra's id in drafts of schema v1; not read here. It belongs into `spec`.",
        )
        .only_in(V1),
        key(
            "runtime-version",
            Type::Any,
            "A key of drafts of schema v1; not read.",
        )
        .only_in(V1),
    ],
);

const APP_ID: Key = key(
    "app-id",
    Type::Text,
    "The app's id, once it is registered with StackSpot. It identifies the project in the stores, so it must not change.",
);
const INFRA_ID: Key = key(
    "infra-id",
    Type::Text,
    "The infra's id, once it is registered with StackSpot. It identifies the project in the stores, so it must not change.",
);

pub(crate) static SPEC: Shape = Shape {
    variants: &[
        Variant {
            key: "type",
            values: &["app"],
            keys: &[APP_ID],
        },
        Variant {
            key: "type",
            values: &["infra"],
            keys: &[INFRA_ID],
        },
    ],
    ..Shape::new(
        "spec of stk.yaml",
        &[
            key(
                "type",
                Type::Choice(|| vec!["infra", "app"]),
                "What the project is: `infra`, or `app`, of which only the infra plugins are deployed.",
            )
            .required(),
            Key { kind: Type::Any, ..APP_ID },
            Key { kind: Type::Any, ..INFRA_ID },
            key(
                "plugins",
                Type::List(&Type::Mapping(&PLUGIN)),
                "The applied plugins. With `[]` the next deployment destroys everything that is deployed.",
            )
            .required(),
            key(
                "global-inputs",
                Type::MapOf(&Type::Any),
                "Values of inputs that plugins declare as `global: true`. An applied plugin's own `inputs` win over them.",
            ),
            key(
                "global-computed-inputs",
                Type::MapOf(&Type::Any),
                "Values that were computed when plugins were applied; they win over the templates of plugin.yaml.",
            ),
            key(
                "repository",
                Type::Text,
                "The address of the project's repository.",
            ),
        ],
    )
};

const QUALIFIER: Form = Form {
    pattern: concat!(
        r"^\s*",
        slug!(),
        "(/",
        slug!(),
        "(@",
        semantic_version!(),
        r")?){1,2}\s*$"
    ),
    message: "Write <studio>/<stack>@<version>/<plugin>@<version> or <studio>/<plugin>@<version>, with versions such as 1.2.3",
    scalars: &[],
};

const ALIAS: Form = Form {
    pattern: "^[A-Za-z_][A-Za-z0-9_-]{0,127}$",
    message: "An alias names a folder and a Terraform module: it starts with a letter or _ and goes on with letters, digits, _ and -, at most 128 in all",
    scalars: &["boolean"],
};

pub(crate) static PLUGIN: Shape = Shape::new(
    "an applied plugin",
    &[
        key(
            "name",
            Type::Matching(&QUALIFIER),
            "Which plugin: `studio/stack@1.2.3/plugin@4.5.6`, `studio/plugin@4.5.6`, or `local/plugin@4.5.6` for one that was applied from a folder.",
        )
        .required(),
        key(
            "alias",
            Type::Matching(&ALIAS),
            "What this application of the plugin is called: unique in the file, and the name of its folder, its state and its Terraform module. Renaming it destroys and creates everything anew. In schema v1 it may be missing.",
        )
        .required_in(V2_V3),
        key(
            "plugin-version-id",
            Type::Text,
            "The id of the plugin's version; StackSpot writes it. Missing for local plugins.",
        ),
        key(
            "stack-version-id",
            Type::Text,
            "The id of the stack's version; StackSpot writes it. Missing for local plugins.",
        ),
        key(
            "type",
            Type::Choice(|| vec!["infra", "app"]),
            "What the plugin is: `infra` plugins are deployed with Terraform, `app` plugins are not deployed.",
        )
        .required(),
        key(
            "inputs",
            Type::MapOf(&Type::InputValue),
            "Values of the inputs that the plugin's plugin.yaml declares. A password is kept as `***`.",
        ),
        key(
            "inputs-envs",
            Type::MapOf(&Type::MapOf(&Type::Any)),
            "Values by environment: input name, environment name, value. They win over `inputs`.",
        ),
        key(
            "connections",
            Type::Mapping(&CONNECTIONS),
            "Which connection of the workspace fills which slot of the plugin. It decides the order of deployment.",
        )
        .only_in(V2_V3),
        key(
            "connectors",
            Type::List(&Type::Mapping(&CONNECTOR)),
            "The connections of schema v1.",
        )
        .only_in(V1),
        key(
            "links",
            Type::Mapping(&LINKS),
            "Links that StackSpot's portal shows; nothing here uses them.",
        ),
    ],
);

pub(crate) static CONNECTIONS: Shape = Shape::new(
    "connections of an applied plugin",
    &[
        key(
            "generates",
            Type::List(&Type::Mapping(&CONNECTION)),
            "The connections that the plugin publishes when it is deployed.",
        ),
        key(
            "requires",
            Type::List(&Type::Mapping(&CONNECTION)),
            "The connections that the plugin reads: it is deployed after the plugin that generates them.",
        ),
    ],
);

pub(crate) static CONNECTION: Shape = Shape::new(
    "a selected connection",
    &[
        key(
            "type",
            Type::Text,
            "The connection interface type, such as `aws-s3-conn`: the slot's type in plugin.yaml.",
        )
        .required(),
        key(
            "selected",
            Type::Text,
            "The connection's name in the workspace. A requirer and its generator have the same name here.",
        )
        .required(),
        key(
            "alias",
            Type::Text,
            "The plugin's own name for the slot, as its plugin.yaml says.",
        )
        .required(),
    ],
);

pub(crate) static CONNECTOR: Shape = Shape::new(
    "a connector of schema v1",
    &[
        key(
            "name",
            Type::Text,
            "The connection's name in the workspace.",
        )
        .required(),
        key("type", Type::Text, "The connection interface type.").required(),
        key(
            "alias",
            Type::Text,
            "The plugin's own name for the slot; the type if it is missing.",
        ),
        key(
            "selected",
            Type::Any,
            "Not read: `name` says which connection it is.",
        ),
    ],
);

pub(crate) static LINKS: Shape = Shape::new(
    "links of an applied plugin",
    &[key(
        "generates",
        Type::List(&Type::Mapping(&LINK)),
        "The links that the plugin adds to the portal.",
    )],
);

pub(crate) static LINK: Shape = Shape::new("a link", LINK_KEYS);

pub(super) const LINK_KEYS: &[Key] = &[
    key("name", Type::Text, "The text of the link."),
    key(
        "url",
        Type::Text,
        "Where it leads; it may hold expressions.",
    ),
    key("type", Type::Text, "What kind of link it is."),
    key("picture", Type::Text, "The picture that is shown with it."),
];
