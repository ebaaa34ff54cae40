"""What people and programs see: rich renderables and JSON made from domain values. Nothing here reads or writes."""
