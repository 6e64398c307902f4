//! Schemas from schemas: append, remove, exclude, extract, intersect, unite, alter, rename, compare.

use super::{Field, IntoSchema, Schema, quote};
use crate::error::{Error, ErrorKind, Result};

impl Schema {
    /// The columns at some positions, in the order of the positions; all of them for none given.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] for a position that there is not, and for one that stands twice.
    pub fn project(&self, positions: Option<&[usize]>) -> Result<Self> {
        let Some(positions) = positions else { return Ok(self.clone()) };
        let wrong =
            |what: &str| Error::new(ErrorKind::Unexpected, format!("columns {positions:?} of {self}: {what}; please report it"));
        let fields = positions.iter().map(|i| self.fields().get(*i).cloned().ok_or_else(|| wrong("there are not so many")));
        Self::new(fields.collect::<Result<Vec<_>>>()?).map_err(|e| wrong("one stands twice").with_source(e))
    }

    /// This schema and then the fields of another.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] for a name that is there already.
    pub fn append(&self, other: impl IntoSchema) -> Result<Self> {
        let other = other.into_schema()?;
        Self::new(self.fields().iter().chain(other.fields()).cloned())
    }

    /// This schema without the named columns, all of which must be there.
    ///
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`] naming a column that is not there.
    pub fn remove<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> Result<Self> {
        let gone = self.indices_of(names)?;
        self.keep(|i, _| !gone.contains(&i))
    }

    /// This schema without the columns of another, all of which must be there with these types.
    ///
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`] and [`ErrorKind::SchemaMismatch`] naming the column.
    pub fn remove_fields(&self, other: impl IntoSchema) -> Result<Self> {
        let other = other.into_schema()?;
        self.require(&other)?;
        self.keep(|_, f| other.index_of(f.name()).is_none())
    }

    /// This schema without those of the named columns that are there.
    #[must_use]
    pub fn exclude<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> Self {
        let gone: Vec<usize> = names.into_iter().filter_map(|name| self.index_of(name.as_ref())).collect();
        // Fewer columns of a valid schema are a valid schema.
        self.keep(|i, _| !gone.contains(&i)).unwrap_or_else(|_| self.clone())
    }

    /// This schema without those columns of another that are there; where one is there it must have that type.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaMismatch`] naming a column of another type.
    pub fn exclude_fields(&self, other: impl IntoSchema) -> Result<Self> {
        let other = other.into_schema()?;
        for field in other.fields() {
            self.check_type(field)?;
        }
        self.keep(|_, f| other.index_of(f.name()).is_none())
    }

    /// The named columns in the order asked for.
    ///
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`] naming a column that is not there, [`ErrorKind::SchemaInvalid`] for a name asked for twice.
    pub fn extract<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> Result<Self> {
        Self::new(self.indices_of(names)?.into_iter().map(|i| self.fields()[i].clone()))
    }

    /// The columns of another schema, in its order, after checking that they are here with these types.
    ///
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`] and [`ErrorKind::SchemaMismatch`] naming the column.
    pub fn extract_fields(&self, other: impl IntoSchema) -> Result<Self> {
        let other = other.into_schema()?;
        self.require(&other)?;
        Ok(other)
    }

    /// The columns that both have by name and type, in the order of this schema.
    /// The order of the other is `other.intersect(this)`.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] when the other is malformed.
    pub fn intersect(&self, other: impl IntoSchema) -> Result<Self> {
        let other = other.into_schema()?;
        self.keep(|_, f| other.field(f.name()) == Some(f))
    }

    /// The names that both have, whatever the types, in the order of this schema.
    #[must_use]
    pub fn common_names(&self, other: &Self) -> Vec<&str> {
        self.names().filter(|name| other.index_of(name).is_some()).collect()
    }

    /// This schema and then the columns that only the other has; a shared name keeps the type that it has here.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] when the other is malformed.
    pub fn union(&self, other: impl IntoSchema) -> Result<Self> {
        let other = other.into_schema()?;
        let new = other.fields().iter().filter(|f| self.index_of(f.name()).is_none());
        Self::new(self.fields().iter().chain(new).cloned())
    }

    /// As [`union`](Self::union), but a shared name must have the same type in both.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaMismatch`] naming a column of two types.
    pub fn union_strict(&self, other: impl IntoSchema) -> Result<Self> {
        let other = other.into_schema()?;
        for field in other.fields() {
            self.check_type(field)?;
        }
        self.union(other)
    }

    /// This schema, in its order, with the types that another gives to some of its columns.
    ///
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`] naming a column that is not there.
    pub fn alter(&self, types: impl IntoSchema) -> Result<Self> {
        let types = types.into_schema()?;
        self.indices_of(types.names())?;
        Self::new(self.fields().iter().map(|f| types.field(f.name()).unwrap_or(f).clone()))
    }

    /// This schema with other fields: a name that is there gets the new type in its place, the others come after.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] when a name stands twice among the new fields.
    pub fn with_fields(&self, fields: impl IntoSchema) -> Result<Self> {
        let fields = fields.into_schema()?;
        let changed = self.fields().iter().map(|own| fields.field(own.name()).unwrap_or(own));
        let new = fields.fields().iter().filter(|f| !self.contains(f.name()));
        Self::new(changed.chain(new).cloned())
    }

    /// This schema with new names, given as pairs of old and new, all at once: two names may be swapped.
    ///
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`] naming an old name that is not there, [`ErrorKind::SchemaInvalid`] when two columns
    /// would have one name or an old name is given twice.
    pub fn rename<O: AsRef<str>, N: AsRef<str>>(&self, pairs: impl IntoIterator<Item = (O, N)>) -> Result<Self> {
        let mut fields = self.fields().to_vec();
        let mut renamed: Vec<usize> = Vec::new();
        for (old, new) in pairs {
            let i = self.index_of(old.as_ref()).ok_or_else(|| self.missing(old.as_ref()))?;
            if renamed.contains(&i) {
                let message = format!("column {} is renamed twice; give it one new name", quote(old.as_ref()));
                return Err(Error::new(ErrorKind::SchemaInvalid, message).with("column", old.as_ref()));
            }
            renamed.push(i);
            fields[i] = Field::new(new.as_ref(), self.fields()[i].ty().clone());
        }
        Self::new(fields)
    }

    /// As [`rename`](Self::rename), ignoring old names that are not there.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] when two columns would have one name or an old name is given twice.
    pub fn rename_if_there<O: AsRef<str>, N: AsRef<str>>(&self, pairs: impl IntoIterator<Item = (O, N)>) -> Result<Self> {
        self.rename(pairs.into_iter().filter(|(old, _)| self.contains(old.as_ref())))
    }

    /// Whether there is a column of a name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.index_of(name).is_some()
    }

    /// Whether there are columns of all these names.
    pub fn contains_all<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> bool {
        names.into_iter().all(|name| self.contains(name.as_ref()))
    }

    /// Whether every column of another, by name and type, is here; a malformed text is not.
    pub fn contains_fields(&self, other: impl IntoSchema) -> bool {
        other.into_schema().is_ok_and(|other| other.is_subset(self))
    }

    /// Whether every column, by name and type, is in another schema.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.fields().iter().all(|f| other.field(f.name()) == Some(f))
    }

    /// Checks that the columns of another are here with these types.
    ///
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`] and [`ErrorKind::SchemaMismatch`] naming the column.
    pub fn require(&self, other: &Self) -> Result<()> {
        self.indices_of(other.names())?;
        other.fields().iter().try_for_each(|f| self.check_type(f))
    }

    fn check_type(&self, wanted: &Field) -> Result<()> {
        match self.field(wanted.name()) {
            Some(own) if own.ty() != wanted.ty() => {
                let message = format!("column {} is {} and not {}", quote(own.name()), own.ty(), wanted.ty());
                Err(Error::new(ErrorKind::SchemaMismatch, message).with("column", own.name()))
            }
            _ => Ok(()),
        }
    }

    fn keep(&self, keep: impl Fn(usize, &Field) -> bool) -> Result<Self> {
        Self::new(self.fields().iter().enumerate().filter(|(i, f)| keep(*i, f)).map(|(_, f)| f.clone()))
    }
}
