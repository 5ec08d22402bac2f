"""What the statements of a notebook read, bind and change, as far as their source tells: the ground of ``slicing``.

- An object is changed by storing to its attributes or items, by a call that stands alone (``model.train()``,
  ``scores.append(1)``, ``zero_(weight)``: the receiver and the first argument), by ``fit``, by methods in ``CHANGING`` or
  with a name that ends in ``_``, and by a function or method of the notebook whose body changes its parameter, or a name
  outside.
- Changing an object by one name changes it for all names that may stand for it: see ``names``.
- What stems from ``figures`` only draws: a call on it changes nothing else.
- No change of a random generator counts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from slicing.names import (
    DRAWING,
    GENERATORS,
    RANDOM,
    Function,
    Names,
    Thing,
    arguments_of,
    as_read,
    free_names,
    free_names_inside,
    name_of,
    words,
)

__all__ = ["Walk"]

# Methods that change their receiver though their value is used, too; beside them, those that end in "_".
CHANGING = words(
    "backward eval fit forward load_state_dict negative_elbo partial_fit pop popitem setdefault step train update"
)
# Functions that change nothing, though they stand alone.
SILENT = words("check claim display explorer hint print progress solution use verify")


class Walk(Names):
    """Reads statements in order."""

    def __init__(self) -> None:
        super().__init__()
        self.changing = set(CHANGING)

    def setting(self) -> None:
        """It sets something for all that comes after it."""

    # Statements

    def statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Import(names=names):
                for each in names:
                    name = each.asname or each.name.split(".")[0]
                    self.known[name] = Thing(self.made(), imported=True, fixed=True, draws=name in DRAWING)
            case ast.ImportFrom(names=names):
                for each in names:
                    name = each.asname or each.name
                    self.known[name] = Thing(self.made(), imported=True, fixed=True, draws=name in DRAWING)
            case ast.FunctionDef():
                self.define_function(node)
            case ast.ClassDef():
                self.define_class(node)
            case ast.Assign(targets=targets, value=value):
                self.expression(value)
                for target in targets:
                    self.bind(target, value)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self.expression(value)
                self.bind(target, value)
            case ast.AugAssign(target=target, value=value):
                self.expression(value)
                self.expression(as_read(target))
                for thing in self.origins(target):
                    self.change(thing)
                    thing.holds += self.origins(value)
                self.bind(target, target)
            case ast.For(target=target, iter=iterable):
                self.expression(iterable)
                self.bind_each(target, iterable)
                self.statements(node.body)
                self.branch(node.orelse)
            case ast.With(items=items):
                for item in items:
                    self.expression(item.context_expr)
                    if item.optional_vars is not None:
                        self.bind(item.optional_vars, item.context_expr)
                self.statements(node.body)
            case ast.Expr(value=value):
                self.expression(value)
                if isinstance(value, ast.Call):
                    self.call_for_effect(value)
            case ast.Try() | ast.TryStar():
                self.statements(node.body)
                for handler in node.handlers:
                    if handler.type is not None:
                        self.expression(handler.type)
                    if handler.name:
                        self.known[handler.name] = Thing(self.made())
                    self.branch(handler.body)
                self.branch(node.orelse)
                self.statements(node.finalbody)
            case ast.If(test=test) | ast.While(test=test):
                self.expression(test)
                self.branch(node.body)
                self.branch(node.orelse)
            case ast.Match(subject=subject, cases=cases):
                self.expression(subject)
                for case in cases:
                    for pattern in ast.walk(case.pattern):
                        name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                        if name:
                            self.put(name, self.origins(subject))
                        if isinstance(pattern, ast.expr):
                            self.expression(pattern)
                    if case.guard is not None:
                        self.expression(case.guard)
                    self.branch(case.body)
            case ast.Return(value=value):
                if value is not None:
                    self.expression(value)
                    self.give_back(self.origins(value))
            case ast.Delete(targets=targets):
                for target in targets:
                    self.expression(as_read(target))
                    for thing in self.origins(target):
                        self.change(thing)
            case ast.Assert() | ast.Raise() | ast.AnnAssign():
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.expression(child)
            case ast.Pass() | ast.Break() | ast.Continue() | ast.Global() | ast.Nonlocal():
                pass
            case _:
                raise SyntaxError(f"{type(node).__name__} in a notebook: there is no rule what it needs or changes")

    def branch(self, body: list[ast.stmt]) -> None:
        before, self.maybe = self.maybe, True
        self.statements(body)
        self.maybe = before

    def give_back(self, things: list[Thing]) -> None:
        """A function returns these."""

    def define_function(self, node: ast.FunctionDef) -> None:
        arguments = node.args
        for each in (*node.decorator_list, *arguments.defaults, *filter(None, arguments.kw_defaults)):
            self.expression(each)
        thing = self.put(node.name, [])
        thing.late, thing.leaves = free_names(node), free_names_inside(node)
        thing.function = self.effects_of(node)

    def define_class(self, node: ast.ClassDef) -> None:
        for each in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self.expression(each)
        free = free_names(node)
        for statement in node.body:  # what stands in the class, outside its methods, is read now
            if not isinstance(statement, ast.FunctionDef):
                for name in free_names(statement):
                    self.read_name(name)
        bases = [thing for base in node.bases for thing in self.origins(base)]
        changes = set()
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                effects = self.effects_of(statement)
                changes |= effects.names()
                if 0 in effects.changes:  # self
                    self.changing.add(statement.name)
        thing = self.put(node.name, bases)
        thing.late = thing.leaves = free
        thing.function = Function([], changes)

    def effects_of(self, node: ast.FunctionDef | ast.Lambda) -> Function:
        body = _Body(self, node)
        if isinstance(node, ast.Lambda):
            body.expression(node.body)
            if isinstance(node.body, ast.Call):  # as a statement of its own would
                body.call_for_effect(node.body)
        else:
            body.statements(node.body)
        return body.function

    # Expressions

    def expression(self, value: ast.expr) -> None:
        """Use what an expression reads, and change what its calls change."""
        match value:
            case ast.Name(id=name):
                self.read_name(name)
            case ast.Lambda(args=arguments):
                for each in (*arguments.defaults, *filter(None, arguments.kw_defaults)):
                    self.expression(each)
                for name in self.effects_of(value).names():
                    self.change_name(name)
                for name in free_names(value):  # it may be called at once: key=lambda item: item[0]
                    self.read_name(name)
            case ast.NamedExpr(target=target, value=inner):
                self.expression(inner)
                self.bind(target, inner)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                before = dict(self.known)
                targets = set()
                for generator in value.generators:
                    self.expression(generator.iter)
                    self.bind_each(generator.target, generator.iter)
                    targets |= {node.id for node in ast.walk(generator.target) if isinstance(node, ast.Name)}
                    for condition in generator.ifs:
                        self.expression(condition)
                for element in (value.key, value.value) if isinstance(value, ast.DictComp) else (value.elt,):
                    self.expression(element)
                for name in targets:
                    if name in before:
                        self.known[name] = before[name]
                    else:
                        self.known.pop(name, None)
            case _:
                for child in ast.iter_child_nodes(value):
                    if isinstance(child, ast.expr):
                        self.expression(child)
                    elif isinstance(child, ast.keyword):
                        self.expression(child.value)
                if isinstance(value, ast.Call):
                    self.call(value)

    def call(self, call: ast.Call) -> None:
        """What a call changes though its value may be used."""
        effects, name = self.function_of(call.func), name_of(call.func)
        if effects is not None:  # what it changes outside is changed where its name is read
            given = arguments_of(effects, call)
            for each in effects.changes & given.keys():
                self.change_all(given[each])
        elif isinstance(call.func, ast.Attribute):
            if name in self.changing or name.endswith("_"):
                self.change_all(call.func.value)
        elif name == "fit" and call.args:
            self.change_all(call.args[0])

    def call_for_effect(self, call: ast.Call) -> None:
        """What a call changes that stands alone, as a statement."""
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if self.function_of(call.func) is not None or name_of(call.func) in SILENT | RANDOM:
            return
        if receiver is not None and self.draws(receiver):
            return
        roots = self.origins(receiver) if receiver is not None else []
        if receiver is not None and name_of(call.func).startswith("set_") and all(root.imported for root in roots):
            self.setting()
        for each in (receiver, *call.args[:1]):
            if each is not None:
                self.change_all(each)
        for root in roots:  # what is appended to a list is part of it
            if not root.fixed:
                root.holds += [thing for each in call.args for thing in self.origins(each) if thing is not root]

    def change_name(self, name: str) -> None:
        """A function changes what this name outside stands for, or binds it."""
        thing = self.thing(name)
        if thing is None:
            thing = self.known[name] = Thing(self.made())
        self.change(thing)

    def change_all(self, value: ast.expr) -> None:
        for thing in self.origins(value):
            if not thing.fixed:
                self.change(thing)


class _Body(Walk):
    """The body of a function: which of its parameters, and which names outside, it changes and returns."""

    def __init__(self, outside: Walk, node: ast.FunctionDef | ast.Lambda) -> None:
        super().__init__()
        arguments = node.args
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        self.outside, self.function = outside, Function(names)
        self.changing = outside.changing
        self.known = {name: Thing(outer=index, fixed=name in GENERATORS) for index, name in enumerate(names)}
        for each in (arguments.vararg, arguments.kwarg):
            if each is not None:
                self.known[each.arg] = Thing()
        declared = (each for each in ast.walk(node) if isinstance(each, ast.Global | ast.Nonlocal))
        self.declared = {name for each in declared for name in each.names}

    def thing(self, name: str) -> Thing | None:
        if name not in self.known and (found := self.outside.thing(name)) is not None:
            copy = Thing(function=found.function, imported=found.imported, late=found.late, leaves=found.leaves)
            copy.draws, copy.fixed, copy.outer = found.draws, found.fixed, name
            self.known[name] = copy
        return self.known.get(name)

    def put(self, name: str, held: Iterable[Thing], value: ast.expr | None = None) -> Thing:
        if name in self.declared:
            self.function.changes.add(name)
        return super().put(name, held, value)

    def use(self, thing: Thing) -> None:
        """A function within that is handed on may be called."""
        for name in thing.function.names() if thing.function else ():
            self.change_name(name)

    def change_name(self, name: str) -> None:
        if name in self.known:
            self.change(self.known[name])
        else:
            self.function.changes.add(name)

    def give_back(self, things: list[Thing]) -> None:
        self.function.returns |= {each.outer for thing in things for each in thing.all() if each.outer is not None}

    def change(self, thing: Thing) -> None:
        self.function.changes |= {each.outer for each in thing.all() if each.outer is not None and not each.fixed}
