"""Instructors: a description becomes search instructions."""
