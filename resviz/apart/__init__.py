"""Training in a process of its own, for a window: its recording grows here, and painting costs it nothing.

One interpreter runs one thread at a time. A painting window and a trainer in one process wait for each other
thirty times a step: 241 steps a second alone were 117 beside 40 frames a second (64 layers of 256 units with
twin and limits, 2 cores). Two processes share the machine and nothing else. ::

    trainer.py     the other process: `record`, and what is new of it through a pipe
    trained.py     this one: a recording that grows by what comes
    process.py     the process, and the pool of those that wait for work
    orders.py      what the one may ask of the other
    wire.py        messages, arrays beside their pickle

`process` loads no engine, so that a window can start a trainer before it loads its own.
"""
