"""Make what the starter encoder ships: its layout projection and its head. README.md says how."""
