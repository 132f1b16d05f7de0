//! Types as a script writes them: how many bytes they take, and what a change between two costs.

use std::fmt;

/// A type with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlType {
    /// Its name in lower case, synonyms resolved.
    pub base: String,
    /// Its arguments in lower case: lengths, precision and scale, or `max`.
    pub arguments: Vec<String>,
}

/// What a change of type does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// The catalog changes and no row.
    Metadata,
    /// Every row is written, and every value fits.
    Rewrite,
    /// Values may not fit, or mean something else.
    Narrowing,
}

impl SqlType {
    /// A type by its words and arguments.
    pub fn new(words: &str, arguments: Vec<String>) -> Self {
        let base = match words.to_lowercase().as_str() {
            "integer" => "int",
            "dec" => "decimal",
            "numeric" => "decimal",
            "character" => "char",
            "character varying" | "char varying" => "varchar",
            "national character" | "national char" => "nchar",
            "national character varying" | "national char varying" => "nvarchar",
            "binary varying" => "varbinary",
            "double precision" => "float",
            "timestamp" => "rowversion",
            other => other,
        }
        .to_owned();
        Self { base, arguments }
    }

    /// The first argument as a number, or what holds without one.
    fn number(&self, default: u32) -> u32 {
        self.arguments
            .first()
            .map_or(Some(default), |text| text.parse().ok())
            .unwrap_or(default)
    }

    /// Whether it is `(max)`.
    pub fn is_max(&self) -> bool {
        self.arguments.first().is_some_and(|text| text == "max")
    }

    /// Whether values are kept apart from the row, so that adding one to each row writes each row.
    pub fn is_large(&self) -> bool {
        self.is_max()
            || matches!(
                self.base.as_str(),
                "xml"
                    | "geography"
                    | "geometry"
                    | "text"
                    | "ntext"
                    | "image"
                    | "hierarchyid"
                    | "json"
            )
    }

    /// Whether it is text with a collation.
    pub fn is_text(&self) -> bool {
        matches!(
            self.base.as_str(),
            "char" | "varchar" | "nchar" | "nvarchar" | "text" | "ntext" | "sysname"
        )
    }

    /// Whether it holds what the server fills in itself.
    pub fn is_row_version(&self) -> bool {
        self.base == "rowversion"
    }

    fn is_variable(&self) -> bool {
        matches!(
            self.base.as_str(),
            "varchar" | "nvarchar" | "varbinary" | "sysname" | "sql_variant"
        )
    }

    /// The most bytes that a value takes, and whether it takes that many always; `None` for types
    /// that are not known or are kept apart.
    pub fn bytes(&self) -> Option<(u32, bool)> {
        if self.is_large() {
            return None;
        }
        let fraction = match self.number(7) {
            0..=2 => 0,
            3..=4 => 1,
            _ => 2,
        };
        let bytes = match self.base.as_str() {
            "bit" | "tinyint" => 1,
            "smallint" => 2,
            "date" => 3,
            "int" | "real" | "smallmoney" | "smalldatetime" => 4,
            "bigint" | "money" | "datetime" | "rowversion" => 8,
            "float" if self.number(53) <= 24 => 4,
            "float" => 8,
            "uniqueidentifier" => 16,
            "decimal" => match self.number(18) {
                0..=9 => 5,
                10..=19 => 9,
                20..=28 => 13,
                _ => 17,
            },
            "time" => 3 + fraction,
            "datetime2" => 6 + fraction,
            "datetimeoffset" => 8 + fraction,
            "char" | "varchar" | "binary" | "varbinary" => self.number(1),
            "nchar" | "nvarchar" => self.number(1).saturating_mul(2),
            "sysname" => 256,
            "sql_variant" => 8_016,
            _ => return None,
        };
        Some((bytes, !self.is_variable()))
    }

    /// What changing a column from this type to another does.
    pub fn change(&self, to: &Self) -> Change {
        if self == to {
            return Change::None;
        }
        if self.base == to.base {
            return self.same_base(to);
        }
        const INTEGERS: [&str; 5] = ["bit", "tinyint", "smallint", "int", "bigint"];
        let rank = |ty: &Self| INTEGERS.iter().position(|base| *base == ty.base);
        if let (Some(from), Some(to)) = (rank(self), rank(to)) {
            return if from < to {
                Change::Rewrite
            } else {
                Change::Narrowing
            };
        }
        let wider = |from: &[&str], to_base: &str| {
            from.contains(&self.base.as_str()) && to.base == to_base && self.fits(to)
        };
        if wider(&["char", "varchar"], "varchar")
            || wider(&["char", "varchar", "nchar", "nvarchar"], "nvarchar")
            || wider(&["binary", "varbinary"], "varbinary")
            || (self.base == "text" && to.base == "varchar" && to.is_max())
            || (self.base == "ntext" && to.base == "nvarchar" && to.is_max())
            || (self.base == "image" && to.base == "varbinary" && to.is_max())
            || (self.base == "real" && to.base == "float")
            || (self.base == "smallmoney" && to.base == "money")
            || (matches!(self.base.as_str(), "date" | "smalldatetime" | "datetime")
                && to.base == "datetime2"
                && (self.base != "datetime" || to.number(7) >= 3))
            || (self.base == "smalldatetime" && to.base == "datetime")
        {
            return Change::Rewrite;
        }
        // Digits before the point: int has 10, bigint 19.
        let digits = match self.base.as_str() {
            "bit" => Some(1),
            "tinyint" => Some(3),
            "smallint" => Some(5),
            "int" => Some(10),
            "bigint" => Some(19),
            _ => None,
        };
        if let (Some(digits), "decimal") = (digits, to.base.as_str())
            && to.number(18).saturating_sub(to.scale()) >= digits
        {
            return Change::Rewrite;
        }
        Change::Narrowing
    }

    fn scale(&self) -> u32 {
        self.arguments
            .get(1)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    }

    /// Whether every length of this type is one of the other.
    fn fits(&self, to: &Self) -> bool {
        to.is_max() || (!self.is_max() && self.number(1) <= to.number(1))
    }

    fn same_base(&self, to: &Self) -> Change {
        match self.base.as_str() {
            "varchar" | "nvarchar" | "varbinary" => match (self.is_max(), to.is_max()) {
                (false, true) => Change::Rewrite,
                (true, false) => Change::Narrowing,
                _ if self.number(1) == to.number(1) => Change::None,
                _ if self.fits(to) => Change::Metadata,
                _ => Change::Narrowing,
            },
            "char" | "nchar" | "binary" => match self.number(1).cmp(&to.number(1)) {
                std::cmp::Ordering::Less => Change::Rewrite,
                std::cmp::Ordering::Equal => Change::None,
                std::cmp::Ordering::Greater => Change::Narrowing,
            },
            "decimal" => {
                let whole = |ty: &Self| ty.number(18).saturating_sub(ty.scale());
                match (self.number(18), self.scale()) == (to.number(18), to.scale()) {
                    true => Change::None,
                    false if whole(self) <= whole(to) && self.scale() <= to.scale() => {
                        Change::Rewrite
                    }
                    false => Change::Narrowing,
                }
            }
            "time" | "datetime2" | "datetimeoffset" => match self.number(7).cmp(&to.number(7)) {
                std::cmp::Ordering::Less => Change::Rewrite,
                std::cmp::Ordering::Equal => Change::None,
                std::cmp::Ordering::Greater => Change::Narrowing,
            },
            "float" => match (self.bytes(), to.bytes()) {
                (a, b) if a == b => Change::None,
                (Some((4, _)), _) => Change::Rewrite,
                _ => Change::Narrowing,
            },
            // Types without arguments, or of a schema's own.
            _ => Change::None,
        }
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        match self.arguments.is_empty() {
            true => Ok(()),
            false => write!(f, "({})", self.arguments.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(text: &str) -> SqlType {
        let (base, rest) = text.split_once('(').unwrap_or((text, ""));
        let arguments = rest.trim_end_matches(')').split(',');
        let arguments = arguments.filter(|text| !text.is_empty());
        SqlType::new(base, arguments.map(str::to_owned).collect())
    }

    #[test]
    fn changes_cost_what_the_server_takes() {
        for (from, to, change) in [
            ("nvarchar(10)", "nvarchar(20)", Change::Metadata),
            ("nvarchar(20)", "nvarchar(10)", Change::Narrowing),
            ("nvarchar(20)", "nvarchar(max)", Change::Rewrite),
            ("nvarchar(max)", "nvarchar(4000)", Change::Narrowing),
            ("varchar(20)", "nvarchar(20)", Change::Rewrite),
            ("nvarchar(20)", "varchar(20)", Change::Narrowing),
            ("int", "bigint", Change::Rewrite),
            ("bigint", "int", Change::Narrowing),
            ("int", "decimal(10,0)", Change::Rewrite),
            ("int", "decimal(9,0)", Change::Narrowing),
            ("decimal(9,2)", "decimal(11,2)", Change::Rewrite),
            ("decimal(9,2)", "decimal(10,4)", Change::Narrowing),
            ("numeric", "decimal(18,0)", Change::None),
            ("datetime2(3)", "datetime2(7)", Change::Rewrite),
            ("datetime", "datetime2", Change::Rewrite),
            ("datetime2", "datetime2(7)", Change::None),
            ("datetime", "date", Change::Narrowing),
            ("ntext", "nvarchar(max)", Change::Rewrite),
            ("uniqueidentifier", "uniqueidentifier", Change::None),
        ] {
            assert_eq!(ty(from).change(&ty(to)), change, "{from} -> {to}");
        }
    }

    #[test]
    fn bytes_are_those_of_the_server() {
        for (text, bytes) in [
            ("nvarchar(64)", Some((128, false))),
            ("nchar(10)", Some((20, true))),
            ("decimal(19,4)", Some((9, true))),
            ("datetime2(3)", Some((7, true))),
            ("datetime2", Some((8, true))),
            ("varchar(max)", None),
            ("dbo.mine", None),
        ] {
            assert_eq!(ty(text).bytes(), bytes, "{text}");
        }
    }
}
