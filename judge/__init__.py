"""The judge: source code in, report out; knows neither web nor database.

Theory of operation
-------------------
A **problem** is a folder of scenarios. One seed makes them concrete: an **exam**, which holds operations and input
tensors and not one expected value. The same small **driver** (``cell/driver.py``) runs an exam on any layer class. On
the trusted side it runs on the problem's reference, in float64, and gives the **answer key**; inside a cell it runs on
the candidate's class and gives a **transcript**. Nobody types an expected number, and nothing expected enters a cell.

Who has which rights:

- This process (the *trusted side*) has the exam, the key, the tolerances and the verdict. It never parses, imports or
  unpickles anything of a candidate's; it reads frames whose every length is checked (``cell/wire.py``).
- The *zygote* sits in a bubblewrap box without network, host files or secrets. It imported torch once, and only forks.
- A *cell* is one fork of it in a room that the *mason* built (``cell/mason.py``), behind further walls of its own
  (``cell/jail.py``), made before any code came, used once, then killed.
  It is handed one job on one socket: the exam and the source. What it answers is data, believed by nobody.

The steps of one judging stand in ``engine.py`` alone: prepare, run, compare, report, name. ``stock`` prepares exams
ahead, ``cells`` runs jobs, ``evidence`` reads what a cell left, ``grading`` compares it with the key, and a verdict
need not wait for ``diagnosis``, which runs known wrong layers on the same exam and names those that saw what the
candidate's layer saw. The candidate's fault is a verdict and is returned; ours is an exception and flies: the job goes
back, and nobody is blamed.

``report`` and ``problem`` need no torch, so that the web service can read both without loading it.
"""
