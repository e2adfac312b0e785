"""Pictures of records: figures, pages, films, exports. No torch, no models."""
