"""What the names of a notebook stand for, as far as its source tells: which may be the same object, or part of one.

A name, an item, an attribute, a loop variable, what a method in ``VIEWS`` returns, what a class was given, and what a
function of the notebook hands back, may all be the same object as what they come from.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

__all__ = [
    "Function",
    "Names",
    "Thing",
    "arguments_of",
    "as_read",
    "free_names",
    "free_names_inside",
    "name_of",
    "words",
]


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Methods whose value may be their receiver, or share memory with it; beside them, those that end in "_".
VIEWS = words(
    "buffers children chunk detach double eval expand expand_as flatten float get items modules named_parameters numpy "
    "parameters permute ravel reshape setdefault split squeeze state_dict to train transpose unsqueeze values view"
)
# Functions whose value holds what they are given, beside classes.
HOLDING = words("dict enumerate iter list partial reversed set sorted tuple zip")
# How generators are called, and made.
GENERATORS = words("generator rng")
RANDOM = words("Generator default_rng manual_seed")
DRAWING = words("figures plt")


@dataclass(eq=False)
class Thing:
    """What a name stands for, as far as the code tells.

    steps: those that made or changed it. holds: things that may be part of it, or it itself. late: the names that are
    read when it is called. leaves: those that its value reads later on. function: what a call does. imported: whether it
    comes from an import. draws: whether it stems from ``figures``. fixed: whether no change of it counts, as of imports,
    numbers, texts, generators, and what draws. outer: in a function's body, the index of the parameter, or the name
    outside.
    """

    steps: set[int] = field(default_factory=set)
    holds: list[Thing] = field(default_factory=list)
    late: set[str] = field(default_factory=set)
    leaves: set[str] = field(default_factory=set)
    function: Function | None = None
    imported: bool = False
    draws: bool = False
    fixed: bool = False
    outer: int | str | None = None

    def all(self) -> list[Thing]:
        """It and everything in it."""
        found, waiting = {}, [self]
        while waiting:
            thing = waiting.pop()
            if id(thing) not in found:
                found[id(thing)] = thing
                waiting += thing.holds
        return list(found.values())


@dataclass
class Function:
    """What a call of a notebook's function does to its arguments and to names outside."""

    parameters: list[str]
    changes: set[int | str] = field(default_factory=set)
    returns: set[int | str] = field(default_factory=set)

    def names(self) -> set[str]:
        """The names outside that it changes."""
        return {each for each in self.changes if isinstance(each, str)}


class Names:
    """What each name stands for at some place of the source.

    ``use``, ``change``, ``made`` and ``expression`` are for its subclasses to fill.
    """

    def __init__(self) -> None:
        self.known: dict[str, Thing] = {}
        self.maybe = False  # inside a branch: what is bound may also be what was there before

    def thing(self, name: str) -> Thing | None:
        return self.known.get(name)

    def use(self, thing: Thing) -> None:
        """The code that is being read uses this thing."""

    def change(self, thing: Thing) -> None:
        """It may change this thing, and all that is in it."""

    def made(self) -> set[int]:
        """The steps that make a thing now."""
        return set()

    def expression(self, value: ast.expr) -> None:
        """Use what an expression reads, and change what its calls change."""

    def put(self, name: str, held: Iterable[Thing], value: ast.expr | None = None) -> Thing:
        """Bind a name to a new thing."""
        thing = Thing(self.made(), list(held), fixed=name in GENERATORS)
        if value is not None:
            thing.draws = self.draws(value)
            is_generator = isinstance(value, ast.Call) and name_of(value.func) in RANDOM
            thing.fixed |= thing.draws or is_generator or isinstance(value, ast.Constant)
            thing.leaves = self.late_names(value)
            thing.late = set(thing.leaves)
        before = self.thing(name)
        if self.maybe and before is not None:
            thing.holds.append(before)
        self.known[name] = thing
        return thing

    def bind(self, target: ast.expr, value: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                self.put(name, self.origins(value), value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
                if len(values) != len(targets) or any(isinstance(each, ast.Starred) for each in (*targets, *values)):
                    values = [value] * len(targets)
                for each, its_value in zip(targets, values, strict=True):
                    self.bind(each, its_value)
            case ast.Starred(value=inner):
                self.bind(inner, value)
            case _:  # an attribute or an item
                self.expression(as_read(target))
                for thing in self.origins(target):
                    if thing.imported:
                        thing.steps |= self.made()
                    self.change(thing)
                    thing.holds += [each for each in self.origins(value) if each is not thing]
                    thing.late |= self.late_names(value)

    def bind_each(self, target: ast.expr, iterable: ast.expr) -> None:
        """Bind the target of a loop: side by side, where it runs over several things at once."""
        match target, iterable:
            case ast.Tuple(elts=targets), ast.Call(func=ast.Name(id="zip"), args=parts) if len(targets) == len(parts):
                for each, part in zip(targets, parts, strict=True):
                    self.bind_each(each, part)
            case ast.Tuple(elts=[count, each]), ast.Call(func=ast.Name(id="enumerate"), args=[part, *_]):
                self.bind(count, ast.Constant(0))
                self.bind_each(each, part)
            case ast.Tuple(elts=targets), ast.Tuple(elts=rows) | ast.List(elts=rows) if _is_table(rows, len(targets)):
                for index, each in enumerate(targets):
                    self.bind(each, ast.Tuple([row.elts[index] for row in rows]))
            case _:
                self.bind(target, iterable)

    def read_name(self, name: str) -> None:
        thing = self.thing(name)
        if thing is not None:
            self.use(thing)

    def late_names(self, value: ast.expr) -> set[str]:
        """The names that a value may read when it is used: those of its lambdas, and of what it was made from."""
        names = set()
        called = {id(node.func) for node in ast.walk(value) if isinstance(node, ast.Call)}
        for node in ast.walk(value):
            if isinstance(node, ast.Lambda):
                names |= free_names(node)
            elif isinstance(node, ast.Name) and (thing := self.thing(node.id)) is not None:
                names |= thing.leaves if id(node) in called else thing.late
        return names

    def origins(self, value: ast.expr) -> list[Thing]:
        """The things that the value of an expression may be, or be part of, or hold."""
        match value:
            case ast.Name(id=name):
                thing = self.thing(name)
                return [thing] if thing is not None else []
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
                return self.origins(inner)
            case ast.NamedExpr(value=inner):
                return self.origins(inner)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return [thing for part in parts for thing in self.origins(part)]
            case ast.Dict(values=parts):
                return [thing for part in parts for thing in self.origins(part)]
            case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, op=ast.BitOr(), right=other):
                return self.origins(one) + self.origins(other)
            case ast.BoolOp(values=parts):
                return [thing for part in parts for thing in self.origins(part)]
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                before = dict(self.known)
                for generator in value.generators:
                    self.bind_each(generator.target, generator.iter)
                element = value.value if isinstance(value, ast.DictComp) else value.elt
                found = self.origins(element)
                self.known = before
                return found
            case ast.Call(func=function):
                return self.result_of(value, function)
        return []

    def draws(self, value: ast.expr) -> bool:
        """Whether the value stems from ``figures``: the figure, its axes, and what their methods return."""
        match value:
            case ast.Name(id=name):
                thing = self.thing(name)
                return thing is not None and thing.draws
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Call(func=inner):
                return self.draws(inner)
            case ast.Tuple(elts=parts) | ast.List(elts=parts) if parts:
                return all(map(self.draws, parts))
        return False

    def result_of(self, call: ast.Call, function: ast.expr) -> list[Thing]:
        found = []
        if isinstance(function, ast.Attribute) and (name_of(function) in VIEWS or name_of(function).endswith("_")):
            found += self.origins(function.value)
        effects = self.function_of(function)
        if name_of(function)[:1].isupper() or name_of(function) in HOLDING:
            values = [*call.args, *(keyword.value for keyword in call.keywords)]
            found += [thing for each in values for thing in self.origins(each)]
        elif effects is not None:
            given = arguments_of(effects, call)
            for each in effects.returns:
                if isinstance(each, int):
                    found += self.origins(given[each]) if each in given else []
                elif (thing := self.thing(each)) is not None:
                    found.append(thing)
        return found

    def function_of(self, function: ast.expr) -> Function | None:
        thing = self.thing(function.id) if isinstance(function, ast.Name) else None
        return thing.function if thing is not None else None


def _is_table(rows: list[ast.expr], columns: int) -> bool:
    """Whether these are tuples of so many parts each."""
    return bool(rows) and all(isinstance(row, ast.Tuple) and len(row.elts) == columns for row in rows)


def name_of(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def arguments_of(effects: Function, call: ast.Call) -> dict[int, ast.expr]:
    """The arguments of a call by the index of the parameter."""
    matched = dict(enumerate(call.args))
    matched |= {effects.parameters.index(k.arg): k.value for k in call.keywords if k.arg in effects.parameters}
    return matched


def as_read(target: ast.expr) -> ast.expr:
    """The same expression where its value is read, not stored."""
    return ast.parse(ast.unparse(target), mode="eval").body


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def free_names(node: ast.AST) -> set[str]:
    """The names outside that a function, a class or a lambda reads anywhere in its body."""
    whole = symtable.symtable(ast.unparse(node), "cell", "exec")
    inner = (table for table in _tables(whole) if table is not whole or isinstance(node, ast.stmt))
    return {
        symbol.get_name()
        for table in inner
        for symbol in table.get_symbols()
        if symbol.is_referenced() and symbol.is_global() and not (table is whole and symbol.is_assigned())
    }


def free_names_inside(node: ast.FunctionDef) -> set[str]:
    """The names outside that the functions within a function read: what it returns may call them later."""
    inside = (
        each
        for each in ast.walk(node)
        if each is not node and isinstance(each, ast.FunctionDef | ast.Lambda | ast.ClassDef)
    )
    return {name for each in inside for name in free_names(each)}
