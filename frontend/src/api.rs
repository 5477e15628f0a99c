//! The only code that fetches.
