"""The slice of a notebook: the cells that others need are in it, and the rest is not."""

import pytest
from nbformat.v4 import new_markdown_cell, new_output

from slicing import needed_for, only_claims, saying


@pytest.fixture
def sliced(notebook):
    """``sliced(*cells)``: the indices of what the last cell needs, itself left out."""

    def of(*cells):
        last = len(cells) - 1
        needed = needed_for(notebook(*cells), last)
        assert needed[-1] == last
        return needed[:-1]

    return of


NEEDED = {
    "the set-up, always": (["# setup\nimport numpy as np", "x = 1"], [0]),
    "what binds a name": (["x = 1", "y = 2", "z = x"], [0]),
    "the last cell that binds it": (["x = 1", "x = 2", "x"], [1]),
    "not one that binds it later": (["x = 1", "y = x", "x = 2", "y"], [0, 1]),
    "what is needed in turn": (["x = 1", "y = x", "z = y", "z"], [0, 1, 2]),
    "an import": (["import math", "from math import pi", "pi"], [1]),
    "an import under another name": (["import math as m", "m.pi"], [0]),
    "the top of an imported module": (["import os.path", "os.sep"], [0]),
    "unpacking": (["(a, *b), c = (1, 2), 3", "b"], [0]),
    "an annotated name": (["x: int = 1", "x"], [0]),
    "an augmented assignment, and what it adds to": (["x = 1", "y = 3", "x += y", "x"], [0, 1, 2]),
    "the target of a loop": (["for i in range(3):\n    pass", "i"], [0]),
    "the name of a with statement": (["with open('f') as file:\n    pass", "file"], [0]),
    "a walrus": (["print(n := 3)", "n"], [0]),
    "a walrus in a comprehension": (["any((last := i) > 1 for i in range(3))", "last"], [0]),
    "not a name of a comprehension": (["i = 3", "y = [i for i in range(3)]", "z = i", "y"], [1]),
    "what a comprehension reads": (["a = 2", "y = [a * i for i in range(3)]", "y"], [0, 1]),
    "both branches": (["x = 1", "if True:\n    x = 2", "x"], [0, 1]),
    "an exception's branch": (["x = 1", "try:\n    pass\nexcept ValueError:\n    x = 2", "x"], [0, 1]),
    "what a pattern binds": (["match [1, 2]:\n    case [a, *rest]:\n        pass", "rest"], [0]),
    "a global of a function that is called": (["def f():\n    global x\n    x = 1", "f()", "x"], [0, 1]),
    "what a function reads": (["a = 1", "def f():\n    return a", "f()"], [0, 1]),
    "what a function reads, when it is called": (["def f():\n    return a", "a = 1", "f()"], [0, 1]),
    "what the function of a function reads": (["a = 1", "def g(): return a", "def f(): return g()", "f()"], [0, 1, 2]),
    "not a function's own names": (["x = 1", "def f(x):\n    y = x\n    return y", "y = 2", "f(3)"], [1]),
    "a default and a decorator": (["a = 1", "def d(f): return f", "@d\ndef f(x=a): return x", "f()"], [0, 1, 2]),
    "what a lambda reads": (["a = 1", "f = [lambda: a]", "f[0]()"], [0, 1]),
    "what a closure reads": (
        ["def make():\n    return lambda: a", "a = 1", "f = make()", "a = 2", "f()"],
        [0, 1, 2, 3],
    ),
    "what a method reads": (["class C:\n    def m(self): return a", "c = C()", "a = 1", "c.m()"], [0, 1, 2]),
    "a base, and what stands in a class": (["class A: pass", "n = 1", "class B(A):\n    k = n", "B.k"], [0, 1, 2]),
    "a stub whose name is used": (["# exercise-0.1\ndef f(x): pass", 'g = use("0.1", f)', "g(1)"], [0, 1]),
    "an item stored": (["d = {}", "d['a'] = 1", "d"], [0, 1]),
    "an attribute stored": (["d = C()", "d.a = 1", "d"], [0, 1]),
    "an item deleted": (["d = {}", "del d['a']", "d"], [0, 1]),
    "a method called for its effect": (["model = VAE()", "model.train()", "model"], [0, 1]),
    "a method that changes though its value is used": (["q = [1]", "last = q.pop()", "q"], [0, 1]),
    "a method that does not": (["x = torch.ones(3)", "y = x.mean()", "x"], [0]),
    "a method that ends in _": (["x = torch.ones(3)", "y = x.zero_()", "x"], [0, 1]),
    "a method of the notebook's own class": (
        ["class C:\n    def next(self):\n        self.n += 1", "c = C()", "y = c.next()", "c"],
        [0, 1, 2],
    ),
    "such a method that changes nothing": (
        ["class C:\n    def get_n(self):\n        return self.n", "c = C()", "y = c.get_n()", "c"],
        [0, 1],
    ),
    "an attribute of a module": (["import m", "m.a = 1", "m"], [0, 1]),
    "a function called for its effect": (["w = torch.ones(3)", "nn.init.zeros_(w)", "w"], [0, 1]),
    "what is printed, claimed, shown": (["x = 1 + 1", "print(x)\nclaim('it', x)\ndisplay(x)", "x"], [0]),
    "fit, its first argument": (["m = VAE()", "x = load()", "history = fit(m, x)", "m"], [0, 1, 2]),
    "fit, not the data": (["m = VAE()", "x = load()", "history = fit(m, x)", "x"], [1]),
    "a function that changes its parameter": (
        ["def train(m, x):\n    fit(m, x)", "m = VAE()", "x = load()", "train(m, x)", "m"],
        [0, 1, 2, 3],
    ),
    "by the parameter's name": (["def f(a, m):\n    m.n = a", "m = VAE()", "y = f(1, m=m)", "m"], [0, 1, 2]),
    "a function that changes another parameter": (
        ["def train(m, x):\n    fit(m, x)", "m = VAE()", "x = load()", "train(m, x)", "x"],
        [2],
    ),
    "a function that changes a name outside": (
        ["seen = []", "def f(x):\n    seen.append(x)", "f(1)", "seen"],
        [0, 1, 2],
    ),
    "such a function, handed to another": (
        ["seen = []", "def f(x):\n    seen.append(x)", "run(f)", "seen"],
        [0, 1, 2],
    ),
    "a function within a function, handed to another": (
        ["m = VAE()", "def f(x):\n    def g():\n        m.train()\n    run(g)", "f(1)", "m"],
        [0, 1, 2],
    ),
    "not what is a function's own": (
        ["seen = []", "def f():\n    seen = []\n    def g():\n        seen.append(1)\n    g()", "f()", "seen"],
        [0],
    ),
    "a function that returns its parameter": (
        ["def same(m):\n    return m", "m = VAE()", "n = same(m)", "n.train()", "m"],
        [0, 1, 2, 3],
    ),
    "a change by another name": (["a = {}", "b = a", "b['x'] = 1", "a"], [0, 1, 2]),
    "a change of what is held": (["m = VAE()", "all = {'m': m}", "fit(m)", "all"], [0, 1, 2]),
    "a change of an item by a loop's name": (
        ["m = {'a': {}}", "for k, own in m.items():\n    own[k] = 1", "m"],
        [0, 1],
    ),
    "a change of what was appended": (["m = VAE()", "all = []", "all.append(m)", "fit(m)", "all"], [0, 1, 2, 3]),
    "a change by what was built from it": (
        ["w = torch.ones(3)", "optimiser = SGD([w])", "optimiser.step()", "w"],
        [0, 1, 2],
    ),
    "not a change of what was computed from it": (["x = load()", "y = x.mean()", "y[0] = 1", "x"], [0]),
    "loops side by side": (
        ["a, b = [{}], [{}]", "c = [{}]", "for p, q in zip(b, c):\n    p['x'] = 1", "c"],
        [1],
    ),
    "a cell that only draws": (
        [
            "from vae_edu.viz import figures",
            "x = load()",
            "fig, ax = figures.new()\nax.plot(x)\nfigures.show(fig)",
            "x",
        ],
        [1],
    ),
    "a function that only draws": (
        [
            "from vae_edu.viz import figures",
            "x = load()",
            "def panel(x):\n    fig, ax = figures.new()\n    ax.plot(x)",
            "panel(x)",
            "x",
        ],
        [1],
    ),
    "a cell tagged figure, never": (["x = load()", "# figure\nx.sort()", "x"], [0]),
    "a generator, but no order of those who use it": (
        ["rng = np.random.default_rng(0)", "y = rng.normal()", "rng.shuffle(y)", "rng.normal()"],
        [0],
    ),
    "a generator under another name": (
        ["own = torch.Generator().manual_seed(0)", "m = VAE(own)", "m.draw(own)", "own"],
        [0],
    ),
    "a setting of a module": (["import torch", "torch.set_default_dtype(torch.float64)", "x = 1"], [0, 1]),
    "no setting of a figure": (["import figures", "fig, ax = figures.new()\nax.set_xlim(0, 1)", "x = 1"], []),
    "an annotated name, and its value": (["y = 1", "x: int = f(y)", "x"], [0, 1]),
    "what an augmented assignment computes": (["x = []", "y = 3", "x += g(y)", "x"], [0, 1, 2]),
    "an augmented assignment by another name": (["a = []", "b = a", "b += [1]", "a"], [0, 1, 2]),
    "an augmented assignment, and what it holds": (["a = []", "m = VAE()", "a += [m]", "fit(m)", "a"], [0, 1, 2, 3]),
    "an augmented item, and its index": (["x = C()", "i = 1", "x.a[i] += 1", "x"], [0, 1, 2]),
    "what a loop runs over": (["n = 3", "for i in range(n):\n    pass", "i"], [0, 1]),
    "the end of a loop": (["x = 1", "for i in []:\n    pass\nelse:\n    x = 2", "x"], [0, 1]),
    "what a with statement opens, and its body": (["p = 'f'", "with open(p) as f:\n    y = 1", "y"], [0, 1]),
    "what is tried": (["try:\n    x = 1\nexcept E:\n    pass", "x"], [0]),
    "an exception's type": (["E = ValueError", "try:\n    x = 1\nexcept E:\n    pass", "x"], [0, 1]),
    "an exception's name": (["e = 1", "try:\n    pass\nexcept E as e:\n    y = e", "y"], [1]),
    "what is tried else": (["try:\n    pass\nexcept E:\n    pass\nelse:\n    x = 1", "x"], [0]),
    "what is tried finally": (["try:\n    pass\nfinally:\n    x = 1", "x"], [0]),
    "a condition, and the other branch": (["n = 1", "if n:\n    x = 1\nelse:\n    y = 2", "y"], [0, 1]),
    "not what was there before a branch, where it is bound after it": (["x = 1", "if a:\n    x = 2\nx = 3", "x"], [1]),
    "what is matched": (["s = [1]", "match f(s):\n    case [a]:\n        pass", "a"], [0, 1]),
    "what it is matched with": (["k = C()", "match 3:\n    case k.v:\n        x = 1", "x"], [0, 1]),
    "the guard of a case": (["g = 1", "match 3:\n    case a if g:\n        x = 1", "x"], [0, 1]),
    "what is asserted": (["x = 1", "assert x"], [0]),
    "the index of what is deleted": (["d = {}", "i = 1", "del d[i]", "d"], [0, 1, 2]),
    "what returning changes": (["m = VAE()", "def f(m):\n    return fit(m)", "f(m)", "m"], [0, 1, 2]),
    "a default, when the function is defined": (["a = 1", "def f(x=a):\n    pass", "a = 2", "f()"], [0, 1, 2]),
    "what a class is made with, when it is defined": (
        ["M = make()", "class B(metaclass=M): pass", "M = 1", "B()"],
        [0, 1, 2],
    ),
    "what a class reads, when it is defined": (["n = 1", "class B:\n    k = n", "n = 2", "B.k"], [0, 1, 2]),
    "a class whose methods change a name outside": (
        ["seen = []", "class C:\n    def m(self):\n        seen.append(1)", "c = C()", "seen"],
        [0, 1, 2],
    ),
    "a change of what was stored": (["d = {}", "m = VAE()", "d['a'] = m", "fit(m)", "d"], [0, 1, 2, 3]),
    "what a stored lambda reads": (["d = {}", "d['a'] = lambda: a", "a = 1", "d['a']()"], [0, 1, 2]),
    "what a lambda reads, when it is called": (["f = [lambda: a]", "a = 1", "f[0]()"], [0, 1]),
    "what a lambda reads that is handed on": (["a = 1", "x = load()", "fit(x, lambda: a)", "x"], [0, 1, 2]),
    "a lambda's default": (["a = 1", "f = lambda x=a: x", "a = 2", "f()"], [0, 1]),
    "what a lambda changes": (["seen = []", "run(lambda: seen.append(1))", "seen"], [0, 1]),
    "the value of a walrus": (["a = 1", "print(n := f(a))", "n"], [0, 1]),
    "a change by a walrus": (["a = []", "b = (c := a)", "b.append(1)", "a"], [0, 1, 2]),
    "a change of what was merged": (["a = {}", "b = {} | a", "b['x'].go()", "a"], [0, 1, 2]),
    "a change of what a comprehension picked": (["a = [{}]", "b = [i for i in a]", "b[0]['x'] = 1", "a"], [0, 1, 2]),
    "how often a comprehension runs": (["a = 1", "y = [0 for i in range(a)]", "y"], [0, 1]),
    "a comprehension's condition": (["a = 1", "y = [0 for i in range(3) if a]", "y"], [0, 1]),
    "a name after a comprehension's own": (["i = 1", "y = [i for i in range(3)]\nz = i", "z"], [0, 1]),
    "not a comprehension's name after it": (["y = [i for i in range(3)]", "i"], []),
    "an argument by keyword": (["a = 1", "y = f(k=a)", "y"], [0, 1]),
    "both of a loop side by side": (["a, b = [{}], [{}]", "for p, q in zip(a, b):\n    q['x'] = 1", "b"], [0, 1]),
    "not the other of a loop side by side": (
        ["a = [{}]", "b = [{}]", "for p, q in zip(a, b):\n    q['x'] = 1", "a"],
        [0],
    ),
    "a loop that counts": (["a = [{}]", "for i, p in enumerate(a):\n    p['x'] = 1", "a"], [0, 1]),
    "the count of a loop": (["for i, p in enumerate([1]):\n    pass", "i"], [0]),
    "a loop over a table": (["x = load()", "y = load()", "for p, q in ((x, 1), (2, y)):\n    q.go()", "y"], [0, 1, 2]),
    "not another column of a table": (
        ["x = load()", "y = load()", "for p, q in ((x, 1), (2, y)):\n    q.go()", "x"],
        [0],
    ),
    "a loop over a table that only draws": (
        [
            "from vae_edu.viz import figures",
            "x = load()",
            "fig, (l, r) = figures.new(1, 2)\nfor ax, v in ((l, x), (r, x)):\n    ax.plot(v)",
            "x",
        ],
        [1],
    ),
    "a function that returns a name outside": (
        ["m = VAE()", "def f():\n    return m", "n = f()", "n.train()", "m"],
        [0, 1, 2, 3],
    ),
    "a function that calls a method of the notebook's own class": (
        [
            "class C:\n    def next(self):\n        self.n = 1",
            "c = C()",
            "def f(c):\n    return c.next()",
            "y = f(c)",
            "c",
        ],
        [0, 1, 2, 3],
    ),
    "not a function's further arguments": (["args = []", "def f(*args):\n    args.append(1)", "f(1)", "args"], [0]),
    "a global of a function within a function": (
        ["def f():\n    def g():\n        global x\n        x = 1\n    g()", "f()", "x"],
        [0, 1],
    ),
    "a function that calls itself": (["def f():\n    return f()", "f()"], [0]),
}


@pytest.mark.parametrize(("sources", "expected"), NEEDED.values(), ids=NEEDED)
def test_what_the_last_cell_needs(sources, expected, sliced, cell):
    """A first line ``# tag`` is the cell's tag."""
    tags = [source.split("\n")[0][2:] if source.startswith("# ") else None for source in sources]
    assert sliced(*map(cell, sources, tags)) == expected


def test_several_cells_at_once_and_text_between(notebook, cell):
    whole = notebook(cell("x = 1"), cell("y = 1"), cell("z = 1"), cell("x"), cell("z"))
    whole.cells.insert(0, new_markdown_cell("x = 7"))
    assert needed_for(whole, 4, 5) == [1, 3, 4, 5]


def test_a_figure_that_is_asked_for_has_its_slice(notebook, cell):
    assert needed_for(notebook(cell("x = 1"), cell("plot(x)", "figure")), 1) == [0, 1]


def test_a_cell_that_is_no_python_is_an_error(notebook):
    with pytest.raises(SyntaxError):
        needed_for(notebook("%matplotlib inline", "x"), 1)


# The cells that claim a sentence


def test_a_statement_without_a_rule_is_an_error(notebook):
    with pytest.raises(SyntaxError, match="AsyncFor"):
        needed_for(notebook("async for x in y:\n    pass", "x"), 1)


@pytest.mark.parametrize(
    "source",
    [
        'claim("the loss falls", True)',
        'verify("at first the loss falls", True)',
        'claims.claim("the loss falls", 3, between=(1, 4))',
        'for n in range(3):\n    claim(f"model {n}: the loss falls", True)',
        'def told():\n    claim(*["the loss falls"], True)',
    ],
)
def test_a_sentence_is_found_where_it_is_claimed(source, notebook):
    assert saying(notebook("x = 1", source, 'claim("another", True)'), "the loss falls") == [1]


@pytest.mark.parametrize(
    "source",
    [
        '"the loss falls"',
        'figures.show(fig, alt="the loss falls")',
        'print("the loss falls")',
        'claim("it", True)  # the loss falls',
        'claim("it", name == "the loss falls")',
    ],
)
def test_a_sentence_elsewhere_is_none(source, notebook):
    assert saying(notebook(source), "the loss falls") == []


def test_a_sentence_that_is_put_together_is_found_in_the_stored_claims(notebook, cell):
    put_together = cell("for s, v in facts.items():\n    claim(s, v)")
    put_together.outputs = [new_output("stream", name="stdout", text="✓ it rises\n✓ the loss falls: 3 nats\n")]
    printed = cell("show()")
    printed.outputs = [new_output("stream", name="stdout", text="the loss falls\n")]
    assert saying(notebook(put_together, printed), "the loss falls") == [0]


# What is claimed, and what that needs


def test_of_a_cell_the_statements_that_are_needed_for_its_claims(notebook, cell):
    whole = notebook(
        cell("import numpy as np\nSEED = 0", "setup"),
        "x, y = 1, 2\nz = 3\nw = x",
        "torch.manual_seed(0)\nown = torch.Generator().manual_seed(0)\nm = fit(VAE(), w)\nprint(m)\n"
        '\n\ndef f():\n    "Half."\n    return m / 2',
        "torch.manual_seed(1)",
        'claim("another", z > 2)',
        'fig = plot(z)\nclaim("it falls", f() < 3)\nverify("it is so", True)\nfor i in range(3):\n    claim(f"{i}", i)',
        "f = 3",
    )
    part = only_claims(whole, 5)
    assert [each.source for each in part.cells] == [
        "import numpy as np\nSEED = 0\n",
        "x, y = (1, 2)\nw = x\n",
        'torch.manual_seed(0)\nm = fit(VAE(), w)\ndef f():\n    """Half."""\n    return m / 2\n',
        "claim('it falls', f() < 3)\nverify('it is so', True)\nfor i in range(3):\n    claim(f'{i}', i)\n",
    ]
    assert "plot" in whole.cells[5].source
    assert part.cells[0].metadata.tags == ["setup"]


def test_a_seed_comes_with_its_name(notebook):
    part = only_claims(notebook("RUN = 2", "torch.manual_seed(RUN)\nx = noise()", 'claim("a", x)'), 2)
    assert [each.source for each in part.cells] == [
        "RUN = 2\n",
        "torch.manual_seed(RUN)\nx = noise()\n",
        "claim('a', x)\n",
    ]


def test_the_claims_of_several_cells(notebook):
    part = only_claims(notebook("x = 1", 'claim("a", x)', "y = 2", 'claim("b", y)'), 1, 3)
    assert [each.source for each in part.cells] == ["x = 1\n", "claim('a', x)\n", "y = 2\n", "claim('b', y)\n"]


def test_no_cell_that_is_no_python_beside_claims(notebook):
    with pytest.raises(SyntaxError):
        only_claims(notebook("%matplotlib inline", 'claim("a", True)'), 1)
