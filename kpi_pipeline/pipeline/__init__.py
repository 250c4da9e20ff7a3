"""The use cases: run the whole way, ask a question, explain a number. Here the rooms meet.

NOTE: nothing is imported here, because a question needs less than a run does, and is to be answered at once.
"""
