"""The definition of a pipeline: its data, the words it is written with, its rules, and the plan of an event. Nothing
here runs a program.
"""
