"""What stands behind the ports: folder = port, file = vendor or local twin. Knows no stage."""
