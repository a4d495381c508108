use insta::assert_snapshot;
use stk_render::{ErrorKind, Rendered, TemplateFile, Templates, render};

use crate::{context, show, templates, variables};

fn rendered(files: &[(&str, &str)]) -> Rendered {
    render(&templates(files), &context(variables())).expect("renders")
}

fn failure(files: &[(&str, &str)]) -> String {
    let error = render(&templates(files), &context(variables())).expect_err("must not render");
    assert_eq!(error.kind, ErrorKind::Path, "{error}");
    error.to_string()
}

#[test]
fn files_and_names_are_templates_at_any_depth() {
    let tree = rendered(&[
        ("main.tf", "name = \"{{ name|kebabcase }}\"\n"),
        ("{{ name|snakecase }}-table.tf", "flag = {{ t }}\n"),
        (
            "deep/{{ names|join('/') }}/x.tpl",
            "%{ for x in y }${x}%{ endfor }\n",
        ),
        ("{% if t %}on/a.tf{% endif %}", "{{ list }}"),
        (
            "{{ connections.topic.arn }}.md",
            "{{ resource }}\n\n{{ map.zz }}{{ resource }}\n",
        ),
    ]);
    assert_snapshot!(show(&tree), @r#"
    == arn:aws:sns:sa-east-1:1:t.md



    == deep/b/a/C/x.tpl
    %{ for x in y }${x}%{ endfor }
    == main.tf
    name = "my-queue"
    == my_queue-table.tf
    flag = True
    == on/a.tf
    [3, 1, 2]<no line end>
    warning: {{ connections.topic.arn }}.md:1: `resource` is undefined; it prints as nothing
    warning: {{ connections.topic.arn }}.md:3: `map.zz` is undefined; it prints as nothing
    warning: {{ connections.topic.arn }}.md:3: `resource` is undefined; it prints as nothing
    "#);
}

#[test]
fn blocks_take_their_lines_with_them() {
    let tree = rendered(&[(
        "main.tf",
        "resource \"x\" \"y\" {\n  {% if t %}\n  a = 1\n  {% else %}\n  b = 2\n  {% endif %}\n  {# note #}\n  c = 3\n}\n\n",
    )]);
    assert_snapshot!(show(&tree), @r#"
    == main.tf
    resource "x" "y" {
      a = 1
      c = 3
    }
    "#);
}

#[test]
fn binary_files_pass_and_modes_are_kept() {
    let file = |path: &str, bytes: &[u8], executable| TemplateFile {
        path: path.into(),
        bytes: bytes.to_vec(),
        executable,
    };
    let templates = Templates {
        files: vec![
            file("{{ n }}.jar", b"PK\x03\x04\xff\xfe{{ n }}", false),
            file("zero.bin", b"{{ n }}\0\r\n", false),
            file("run.sh", b"echo {{ n }}\n", true),
        ],
    };
    let rendered = render(&templates, &context(variables())).expect("renders");
    let bytes = |path| rendered.tree.get(path).map(|file| file.bytes.as_slice());
    assert_eq!(
        bytes("5.jar"),
        Some(b"PK\x03\x04\xff\xfe{{ n }}".as_slice())
    );
    assert_eq!(bytes("zero.bin"), Some(b"{{ n }}\0\r\n".as_slice()));
    assert_eq!(bytes("run.sh"), Some(b"echo 5\n".as_slice()));

    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("out");
    rendered.tree.write_to(&target).expect("written");
    assert_eq!(
        std::fs::read(target.join("run.sh")).expect("read"),
        b"echo 5\n"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name| {
            let metadata = std::fs::metadata(target.join(name)).expect("metadata");
            metadata.permissions().mode() & 0o100
        };
        assert_eq!(mode("run.sh"), 0o100);
        assert_eq!(mode("zero.bin"), 0);
    }
    let error = rendered.tree.write_to(&target).expect_err("exists already");
    assert!(
        error.to_string().starts_with("could not write `"),
        "{error}"
    );
    assert!(error.path.ends_with("5.jar"), "{error}");
}

#[test]
fn the_ignore_file_leaves_files_out() {
    let tree = rendered(&[
        (".stkignore", "# notes\n*.md\n/build/\n!keep.md\n"),
        ("README.md", "{{ broken"),
        ("keep.md", "kept\n"),
        ("build/x.tf", "{{ broken"),
        ("src/build/y.tf", "y\n"),
        ("src/.stkignore", "an ordinary file\n"),
    ]);
    assert_snapshot!(show(&tree), @"
    == keep.md
    kept
    == src/.stkignore
    an ordinary file
    == src/build/y.tf
    y
    ");
    let files = templates(&[(".stkignore", "ok\n[z-a]\n")]);
    let error = render(&files, &context(variables())).expect_err("a bad pattern");
    assert_snapshot!(error, @".stkignore:2: not a pattern that can be matched: error parsing glob '[z-a]': invalid range; 'z' > 'a'");
}

#[test]
fn nothing_is_written_elsewhere() {
    let variables = serde_json::json!({"up": "../../etc", "abs": "/etc/passwd", "empty": "", "back": "a\\b", "long": "x".repeat(300)});
    let message = |path: &str| {
        let error = render(&templates(&[(path, "")]), &context(variables.clone()))
            .expect_err("must not render");
        assert_eq!(error.kind, ErrorKind::Path);
        error.to_string()
    };
    assert_snapshot!(message("{{ up }}/x.tf"), @"{{ up }}/x.tf: the file's name renders to `../../etc/x.tf`: `..` leaves the plugin's folder");
    assert_snapshot!(message("{{ abs }}"), @"{{ abs }}: the file's name renders to `/etc/passwd`: it is absolute; files can only be written below the plugin's folder");
    assert_snapshot!(message("{{ empty }}"), @"{{ empty }}: the file's name renders to nothing");
    assert_snapshot!(message("a/{{ empty }}/b.tf"), @"a/{{ empty }}/b.tf: the file's name renders to `a//b.tf`: one of its segments is empty");
    assert_snapshot!(message("{{ back }}.tf"), @r"{{ back }}.tf: the file's name renders to `a\b.tf`: it holds a backslash; folders are separated by `/`");
    assert_snapshot!(message("../x.tf"), @"../x.tf: not a usable file name: `..` leaves the plugin's folder");
    assert_snapshot!(message("/x.tf"), @"/x.tf: not a usable file name: it is absolute; files can only be written below the plugin's folder");
    assert_snapshot!(message("aux.tf"), @"aux.tf: not a usable file name: `aux.tf` is a reserved name on Windows");
    assert_snapshot!(message("{{ 'a\\nb' }}.tf"), @r"{{ 'a\nb' }}.tf: the file's name renders to `a�b.tf`: it holds the control character U+000A");
    assert_snapshot!(message("{{ long }}").replace(&"x".repeat(300), "xxx…"), @"{{ long }}: the file's name renders to `xxx…`: one of its segments is 300 bytes long; file systems store at most 255");
}

#[test]
fn two_sources_never_become_one_file() {
    assert_snapshot!(failure(&[("{{ n }}.tf", "a"), ("5.tf", "b")]), @"{{ n }}.tf: renders to `5.tf`, and so does `5.tf`");
    assert_snapshot!(failure(&[("{{ n }}", "a"), ("5/x.tf", "b")]), @"{{ n }}: renders to `5`, but `5/x.tf` renders to `5/x.tf`: one would be a file and the other its folder");
    assert_snapshot!(failure(&[("./a.tf", "a"), ("a.tf", "b")]), @"a.tf: renders to `a.tf`, and so does `./a.tf`");
}

#[test]
fn an_ignore_file_at_the_root_of_the_plugin() {
    let files = || {
        templates(&[
            ("main.tf", ""),
            ("docs/notes.md", ""),
            ("modules/a/test.tf", ""),
            ("modules/b/main.tf", ""),
        ])
    };
    let kept = |patterns: &str, folder: &str| {
        let left = files()
            .excluding(patterns.as_bytes(), folder)
            .expect("patterns");
        let paths: Vec<String> = left.files.into_iter().map(|file| file.path).collect();
        paths.join(" ")
    };
    let folder = "templates-deploy";
    assert_eq!(
        kept("*.md\n# none\n", folder),
        "main.tf modules/a/test.tf modules/b/main.tf"
    );
    assert_eq!(
        kept("/templates-deploy/modules/\n", folder),
        "main.tf docs/notes.md"
    );
    assert_eq!(
        kept("modules/a\n", folder),
        "main.tf docs/notes.md modules/a/test.tf modules/b/main.tf"
    );
    assert_eq!(
        kept("test.tf\n!test.tf", folder),
        "main.tf docs/notes.md modules/a/test.tf modules/b/main.tf"
    );
    assert_eq!(
        kept("/modules/a", ""),
        "main.tf docs/notes.md modules/b/main.tf"
    );
    let error = files()
        .excluding(b"ok\na{b\n", folder)
        .expect_err("no pattern");
    assert_eq!(error.line, Some(2));
}

#[test]
fn what_one_template_changes_another_does_not_see() {
    let change = "{% set _ = list.append(9) %}{% set _ = map.update({'z': 1}) %}{{ list|length }}{{ map|length }}{{ missing }}{{ missing }}\n";
    let files = templates(&[
        ("a", change),
        ("b", change),
        ("c", "{{ list|length }}{{ 'z' in map }}\n"),
    ]);
    let rendered = render(&files, &context(variables())).expect("renders");
    insta::assert_snapshot!(show(&rendered), @"
    == a
    44
    == b
    44
    == c
    3False
    warning: a:1: `missing` is undefined; it prints as nothing
    warning: b:1: `missing` is undefined; it prints as nothing
    ");
}
