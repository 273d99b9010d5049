"""Networks, the terms of the objective, and optional compiled kernels.

Start with ``networks``, which joins the five networks, and ``losses``. ``layers``, ``generators``
and ``discriminators`` have their forms, ``defaults`` the values that follow from the data.
"""
