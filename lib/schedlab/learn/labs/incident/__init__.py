"""The incident: a service with one of several faults, and captures of it in which that fault can be found.

``faults`` reads what is wrong, and on which lines, from the service's own source; ``diagnoses`` reads what a
learner says of it; ``recording`` runs the service and keeps captures; ``symptoms`` counts in these what only
a service with that fault does; ``handover`` gives all of it to a learner, but the truth.
"""
