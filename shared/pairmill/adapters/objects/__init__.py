"""Object stores: whole objects under keys. They know no record."""
