//! What users see: values as text and JSON, tables, figures, progress.
