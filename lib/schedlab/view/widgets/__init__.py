"""Views that answer: widgets for JupyterLab that also work in a file with no kernel and no network.

Their browser side is in ``lib/js``; what it builds is in ``view/static``.
"""
