//! Sessions on SQLite files, and in memory.
