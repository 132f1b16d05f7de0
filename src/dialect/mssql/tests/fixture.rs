//! Tables that use every type and every option of the model.

use crate::model::expression::parse;
use crate::model::{
    Check, Column, Computed, Default, DefaultValue, Expression, ForeignKey, Ident, Identity, Index,
    KeyColumn, Literal, Native, Part, PrimaryKey, ReferentialAction, Schema, Table, Type, Unique,
};

pub(super) fn column(table: &str, name: &str, ty: &str) -> Column {
    let ty = match ty.strip_prefix("native ") {
        Some(native) => Type::Native(Native {
            mssql: Some(native.to_owned()),
            sqlite: Some("TEXT".to_owned()),
        }),
        None => Type::parse(ty).expect(ty),
    };
    let mut initial = name.chars();
    let first = initial.next().expect("a name").to_uppercase();
    Column {
        name: Ident::new(name),
        ty,
        nullable: false,
        default: None,
        identity: None,
        computed: None,
        collation: None,
        description: None,
        deprecated: false,
        type_check: Ident::new(format!("ty{table}{first}{}", initial.as_str())),
    }
}

pub(super) fn nullable(mut column: Column) -> Column {
    column.nullable = true;
    column
}

pub(super) fn with_default(mut column: Column, name: &str, value: DefaultValue) -> Column {
    column.default = Some(Default {
        name: name.into(),
        value,
    });
    column
}

pub(super) fn literal(text: &str) -> DefaultValue {
    DefaultValue::Literal(match parse(text).expect(text) {
        crate::model::Expr::Literal(literal) => literal,
        other => panic!("{other} is no literal"),
    })
}

pub(super) fn portable(text: &str) -> Expression {
    Expression::Portable(parse(text).expect(text))
}

pub(super) fn check(name: &str, text: &str) -> Part {
    Part::Check(Check {
        name: name.into(),
        expression: portable(text),
    })
}

pub(super) fn keys(columns: &[&str]) -> Vec<KeyColumn> {
    columns.iter().map(|text| KeyColumn::parse(text)).collect()
}

pub(super) fn names(columns: &[&str]) -> Vec<Ident> {
    columns.iter().map(|name| Ident::new(*name)).collect()
}

pub(super) fn index(name: &str, columns: &[&str]) -> Index {
    Index {
        name: name.into(),
        columns: keys(columns),
        include: Vec::new(),
        unique: false,
        filter: None,
        clustered: false,
    }
}

/// A table that others refer to.
pub(super) fn accounts() -> Table {
    Table {
        name: "accounts".into(),
        description: Some("Who owns things;\nit's the root.".to_owned()),
        append_only: None,
        columns: vec![
            column("Accounts", "tenantId", "key(64)"),
            Column {
                identity: Some(Identity {
                    seed: 1,
                    increment: 1,
                }),
                ..column("Accounts", "accountId", "bigint")
            },
            column("Accounts", "email", "string(200)"),
        ],
        parts: vec![
            Part::PrimaryKey(PrimaryKey {
                name: "pkAccounts".into(),
                columns: keys(&["tenantId", "accountId"]),
                clustered: true,
            }),
            Part::Unique(Unique {
                name: "uqAccountsTenantIdEmail".into(),
                columns: keys(&["tenantId", "email"]),
                clustered: false,
            }),
        ],
    }
}

/// A table with a column of each type, each kind of default and each kind of part.
pub(super) fn things() -> Table {
    let t = |name: &str, ty: &str| column("Things", name, ty);
    let described = |column: Column, text: &str| Column {
        description: Some(text.to_owned()),
        ..column
    };
    let computed = |name: &str, ty: &str, expression: Expression, persisted: bool| Column {
        computed: Some(Computed {
            expression,
            persisted,
        }),
        nullable: !persisted,
        ..t(name, ty)
    };
    let columns = vec![
        described(
            t("tenantId", "key(64)"),
            "The tenant; it's part of every key.",
        ),
        with_default(
            t("thingId", "uuid"),
            "dfThingsThingId",
            DefaultValue::NewSequentialId,
        ),
        nullable(t("accountId", "bigint")),
        with_default(t("isActive", "bool"), "dfThingsIsActive", literal("true")),
        with_default(t("priority", "tinyint"), "dfThingsPriority", literal("05")),
        with_default(t("offset]", "smallint"), "dfThingsOffset", literal("-1")),
        t("order", "int"),
        with_default(
            nullable(t("rate", "decimal(5,4)")),
            "dfThingsRate",
            literal("0.50"),
        ),
        nullable(t("weight", "float")),
        with_default(
            t("status", "string(32)"),
            "dfThingsStatus",
            literal("'queued'"),
        ),
        with_default(t("code", "ascii(16)"), "dfThingsCode", literal("'it''s'")),
        nullable(t("sha256", "fixedAscii(64)")),
        nullable(t("notes", "text")),
        with_default(t("details", "json"), "dfThingsDetails", literal("'{}'")),
        nullable(with_default(
            t("token", "uuid"),
            "dfThingsToken",
            DefaultValue::NewUuid,
        )),
        with_default(
            t("createdAt", "timestamp(3)"),
            "dfThingsCreatedAt",
            DefaultValue::UtcNow,
        ),
        with_default(
            t("since", "timestamp(0)"),
            "dfThingsSince",
            literal("'2026-01-31T12:00:00Z'"),
        ),
        with_default(
            nullable(t("localAt", "timestampTz(7)")),
            "dfThingsLocalAt",
            DefaultValue::UtcNow,
        ),
        with_default(t("day", "date"), "dfThingsDay", literal("'2026-01-31'")),
        nullable(t("at", "time(3)")),
        with_default(
            nullable(t("salt", "binary(16)")),
            "dfThingsSalt",
            literal("x'00ff'"),
        ),
        nullable(t("payload", "blob")),
        Column {
            collation: Some(Native {
                mssql: Some("Latin1_General_100_CS_AS".to_owned()),
                sqlite: None,
            }),
            deprecated: true,
            ..t("label", "string(80)")
        },
        nullable(t("shape", "native geography")),
        with_default(
            t("legacy", "native nvarchar( 20 )"),
            "dfThingsLegacy",
            DefaultValue::Native(Native {
                mssql: Some("(suser_sname())".to_owned()),
                sqlite: None,
            }),
        ),
        computed(
            "search",
            "string(120)",
            portable("lower(status) || '/' || code"),
            true,
        ),
        computed("isLate", "bool", portable("since < createdAt"), false),
        t("version", "rowVersion"),
    ];
    let parts = vec![
        Part::PrimaryKey(PrimaryKey {
            name: "pkThings".into(),
            columns: keys(&["tenantId", "thingId"]),
            clustered: false,
        }),
        Part::Unique(Unique {
            name: "uqThingsTenantIdCode".into(),
            columns: keys(&["tenantId", "code desc"]),
            clustered: false,
        }),
        check(
            "ckThingsStatus",
            "status in ('queued', 'running', 'succeeded', 'failed')",
        ),
        check("ckThingsRate", "rate between 0 and 1"),
        check(
            "ckThingsConsistent",
            "(status = 'queued' and priority > 0 or status <> 'queued') and (isActive or notes is \
             not null) and length(label) > 0 and code not like 'x[%' and not isJson(notes)",
        ),
        Part::Check(Check {
            name: "ckThingsNative".into(),
            expression: Expression::Native(Native {
                mssql: Some("[sha256] NOT LIKE '%[^0-9a-f]%'".to_owned()),
                sqlite: Some("sha256 not glob '*[^0-9a-f]*'".to_owned()),
            }),
        }),
        Part::ForeignKey(ForeignKey {
            name: "fkThingsAccounts".into(),
            columns: names(&["tenantId", "accountId"]),
            references: "accounts".into(),
            referenced_columns: names(&["tenantId", "accountId"]),
            on_delete: ReferentialAction::Cascade,
            on_update: ReferentialAction::NoAction,
        }),
        Part::Index(Index {
            clustered: true,
            ..index("ixThingsTenantIdCreatedAt", &["tenantId", "createdAt desc"])
        }),
        Part::Index(Index {
            include: names(&["order", "offset]"]),
            filter: Some(portable("status = 'queued' and priority between 1 and 9")),
            ..index("ixThingsOpen", &["tenantId", "createdAt desc"])
        }),
        Part::Index(Index {
            unique: true,
            filter: Some(portable("code in ('a', 'b') and not (isActive = false)")),
            ..index("uxThingsActive", &["tenantId", "code"])
        }),
    ];
    Table {
        name: "things".into(),
        description: Some("Everything at once.".to_owned()),
        append_only: None,
        columns,
        parts,
    }
}

/// A record of what happened, which refers to itself.
pub(super) fn events() -> Table {
    Table {
        name: "events".into(),
        description: None,
        append_only: Some("trEventsAppendOnly".into()),
        columns: vec![
            column("Events", "tenantId", "key(64)"),
            column("Events", "eventId", "uuid"),
            nullable(column("Events", "parentId", "uuid")),
        ],
        parts: vec![
            Part::PrimaryKey(PrimaryKey {
                name: "pkEvents".into(),
                columns: keys(&["tenantId", "eventId"]),
                clustered: true,
            }),
            Part::ForeignKey(ForeignKey {
                name: "fkEventsEvents".into(),
                columns: names(&["tenantId", "parentId"]),
                references: "events".into(),
                referenced_columns: names(&["tenantId", "eventId"]),
                on_delete: ReferentialAction::NoAction,
                on_update: ReferentialAction::NoAction,
            }),
        ],
    }
}

pub(in crate::dialect::mssql) fn everything() -> Schema {
    Schema::new([accounts(), things(), events()])
}

/// The literal of a text.
pub(super) fn text(value: &str) -> DefaultValue {
    DefaultValue::Literal(Literal::Text(value.to_owned()))
}
