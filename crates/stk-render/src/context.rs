use std::{collections::BTreeMap, sync::Arc};

use minijinja::{
    ErrorKind as EngineErrorKind, Value,
    value::{Object, ValueMap},
};
