"""The VAE of texts: what counts, what is read, what is written."""

import itertools
import math

import pytest
import torch

from vae_edu.densities import gaussian_kl_per_dimension
from vae_edu.models.text import BatchNormTextVAE, ConditionalText, DeltaTextVAE, TextVAE


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return TextVAE(4, 2, embedding=5, hidden=6).double().eval()


X = torch.tensor([[1, 2, 3, 0, 0, 0], [3, 0, 0, 0, 0, 0], [2, 2, 2, 1, 1, 0]])
Z = torch.randn(3, 2, generator=seeded(1), dtype=torch.float64)


def test_the_probabilities_of_all_texts_sum_to_one(model):
    """Those of at most two letters, and those of three letters or more, whose probability is that of their beginnings."""
    short = [(*letters, 0) for n in range(3) for letters in itertools.product((1, 2, 3), repeat=n)]
    rows = torch.tensor([row + (0,) * (4 - len(row)) for row in short])
    ended = model.log_prob(rows, Z[:1].expand(len(rows), 2)).exp().sum()
    longer = torch.tensor([(*letters, 0) for letters in itertools.product((1, 2, 3), repeat=3)])
    z = Z[:1].expand(len(longer), 2)
    # p(three letters) = p(three letters, end) / p(end|three letters)
    read = torch.cat([torch.zeros(len(longer), 1, dtype=torch.long), longer[:, :-1]], dim=1)
    logits, _ = model._write(read, z, model._first_state(z))
    begun = (model.log_prob(longer, z) - logits[:, 3].log_softmax(dim=1)[:, 0]).exp().sum()
    assert (ended + begun).item() == pytest.approx(1, abs=1e-12)


def test_what_follows_the_end_does_not_count(model):
    longer = torch.cat([X, torch.tensor([[0, 0], [2, 3], [0, 1]])], dim=1)
    longer[1, 3] = 2
    torch.testing.assert_close(model.log_prob(longer, Z), model.log_prob(X, Z))
    for one, other in zip(model.encode(longer), model.encode(X), strict=True):
        torch.testing.assert_close(one, other)


def test_the_end_counts(model):
    one = model.log_prob(torch.tensor([[1, 0]]), Z[:1])
    two = (
        model.log_prob(torch.tensor([[1, 1, 0]]), Z[:1]).exp() + model.log_prob(torch.tensor([[1, 2, 0]]), Z[:1]).exp()
    )
    assert one.exp() + two < 1


def test_the_posterior_is_read_from_the_state_after_the_end(model):
    states, last = model.reader(model.read_embedding(X[:1, :4]))
    expected = model.posterior(last[0])
    torch.testing.assert_close(torch.cat(model.encode(X[:1]), dim=1), expected)
    assert not torch.isclose(states[:, 2], last[0]).any()


@pytest.mark.parametrize("silent", ["start", "beside"])
def test_z_is_the_first_state_and_stands_beside_every_symbol(silent, model):
    with torch.no_grad():
        if silent == "start":
            model.start.weight.zero_()
        else:
            model.writer.weight_ih_l0[:, 5:].zero_()
    assert (model.log_prob(X, Z) - model.log_prob(X, Z + 1)).abs().min() > 1e-6


def test_an_example_has_the_same_value_in_any_batch(model):
    torch.testing.assert_close(model.log_prob(X, Z)[1:2], model.log_prob(X[1:2], Z[1:2]))
    torch.testing.assert_close(model.encode(X)[0][2:], model.encode(X[2:])[0])


def test_a_symbol_is_predicted_from_those_before_it_and_z(model):
    read = torch.tensor([[0, 1, 2, 3]])
    logits, _ = model._write(read, Z[:1], model._first_state(Z[:1]))
    other = read.clone()
    other[0, 2] = 1
    changed, _ = model._write(other, Z[:1], model._first_state(Z[:1]))
    assert torch.equal(logits[:, :2], changed[:, :2])
    assert (logits[:, 2:] != changed[:, 2:]).any()
    assert (model.log_prob(X, Z) != model.log_prob(X, Z + 1)).all()


def test_greedy_writing_takes_the_most_probable_symbol_each_time(model):
    text = model.write(Z, 6)
    assert text.shape == (3, 6)
    assert (text[:, -1] == 0).all()
    assert torch.equal(model.write(Z, 6), text)
    state, symbol = model._first_state(Z[:1]), torch.zeros(1, 1, dtype=torch.long)
    for t in range(5):
        logits, state = model._write(symbol, Z[:1], state)
        symbol = logits.argmax(dim=2)
        assert text[0, t] == symbol.item()
        if not symbol.item():
            break


def test_draws_have_the_probabilities(model):
    n, z = 30_000, Z[1:2]
    drawn = model.write(z.expand(n, 2), 3, generator=seeded(2))
    for row in ([0, 0, 0], [1, 0, 0], [3, 0, 0]):
        p = model.log_prob(torch.tensor([row]), z).exp().item()
        frequency = (drawn == torch.tensor(row)).all(dim=1).double().mean().item()
        # of two symbols the second is cut off, so a single letter stands for all texts that begin with it
        if row[0]:
            logits, _ = model._write(torch.tensor([[0]]), z, model._first_state(z))
            starts = logits[0, 0].softmax(dim=0)[row[0]].item()
            assert (drawn[:, 0] == row[0]).double().mean().item() == pytest.approx(starts, abs=0.015)
        assert frequency == pytest.approx(p, abs=4.5 * math.sqrt(p * (1 - p) / n))


def test_nothing_is_written_after_the_end(model):
    text = model.sample(500, 8, generator=seeded(3))
    ends = (text == 0).int().argmax(dim=1, keepdim=True)
    assert ((torch.arange(8) <= ends) | (text == 0)).all()
    assert 1 < ends.double().mean() < 7
    assert torch.equal(model.sample(500, 8, generator=seeded(3)), text)


class TestWordDropout:
    @pytest.fixture
    def dropping(self, model):
        model.word_dropout = 0.4
        return model.train()

    def test_it_blanks_what_is_read_in_training_mode_alone(self, dropping, monkeypatch):
        seen, write = [], dropping._write
        monkeypatch.setattr(dropping, "_write", lambda read, *rest: [seen.append(read), write(read, *rest)][1])
        torch.manual_seed(0)
        x = X.repeat(2000, 1)
        dropping.log_prob(x, Z.repeat(2000, 1))
        dropping.eval().log_prob(x, Z.repeat(2000, 1))
        dropped, intact = (read[:, 1:] == 4 for read in seen)
        assert abs(dropped.double().mean() - 0.4) < 4 * math.sqrt(0.24 / dropped.numel())
        assert not intact.any()
        assert (seen[0][:, 0] == 0).all()
        assert torch.equal(seen[1][:, 1:], x[:, :-1])
        assert torch.equal(seen[0][:, 1:][~dropped], x[:, :-1][~dropped])

    def test_another_input_of_the_decoder_may_take_its_place(self, dropping, monkeypatch):
        x = X.repeat(50, 1)
        monkeypatch.setattr(dropping, "decoder_input", lambda x: torch.full_like(x, dropping.blank))
        hidden = dropping.log_prob(x, Z.repeat(50, 1))
        monkeypatch.undo()
        dropping.word_dropout, dropping.blind = 0.0, True
        assert torch.equal(hidden, dropping.log_prob(x, Z.repeat(50, 1)))

    def test_what_is_written_and_what_is_encoded_stay_whole(self, dropping):
        assert dropping.symbols == 4
        one, again = dropping.encode(X)[0], dropping.encode(X)[0]
        assert torch.equal(one, again)
        assert dropping.log_prob(X, Z).shape == (3,)

    def test_evaluation_repeats_and_training_does_not(self, dropping):
        assert not torch.equal(dropping.log_prob(X, Z), dropping.log_prob(X, Z))
        dropping.eval()
        assert torch.equal(dropping.log_prob(X, Z), dropping.log_prob(X, Z))

    @pytest.mark.parametrize("share", [-0.1, 1.1])
    def test_other_shares_are_refused(self, share):
        with pytest.raises(ValueError, match="word_dropout is"):
            TextVAE(4, 2, word_dropout=share)


class TestABlindDecoder:
    @pytest.fixture
    def blind(self):
        torch.manual_seed(0)
        return TextVAE(4, 2, embedding=5, hidden=6, blind=True).double()

    @pytest.mark.parametrize("training", [True, False])
    def test_given_z_a_symbol_does_not_depend_on_those_before_it(self, training, blind):
        blind.train(training)
        x, other = torch.tensor([[1, 2, 3, 0]]), torch.tensor([[3, 1, 3, 0]])
        first = blind.log_prob(x, Z[:1]) - blind.log_prob(other, Z[:1])
        longer, longer_other = torch.tensor([[1, 2, 1, 2, 0]]), torch.tensor([[3, 1, 1, 2, 0]])
        second = blind.log_prob(longer, Z[:1]) - blind.log_prob(longer_other, Z[:1])
        torch.testing.assert_close(first, second)

    def test_it_depends_on_z_and_on_the_place(self, blind):
        assert (blind.log_prob(X, Z) - blind.log_prob(X, Z + 1)).abs().min() > 1e-6
        swapped = blind.log_prob(torch.tensor([[1, 2, 0]]), Z[:1]) - blind.log_prob(torch.tensor([[2, 1, 0]]), Z[:1])
        assert swapped.abs() > 1e-6

    def test_it_writes_what_it_scores(self, blind):
        n, z = 20_000, Z[1:2]
        drawn = blind.eval().write(z.expand(n, 2), 4, generator=seeded(2))
        for row in ([2, 0, 0, 0], [1, 2, 0, 0]):
            p = blind.log_prob(torch.tensor([row]), z).exp().item()
            frequency = (drawn == torch.tensor(row)).all(dim=1).double().mean().item()
            assert frequency == pytest.approx(p, abs=4.5 * math.sqrt(p * (1 - p) / n))


class TestACommittedRate:
    def delta(self, rate, latent=3):
        torch.manual_seed(0)
        return DeltaTextVAE(4, latent, embedding=5, hidden=6, committed_rate=rate).double()

    @pytest.mark.parametrize("rate", [1e-3, 0.5, 4.0, 60.0])
    @pytest.mark.parametrize("push", [-40.0, -2.0, 0.0, 3.0, 300.0])
    def test_no_dimension_pays_less_than_its_share_whatever_the_encoder_says(self, push, rate):
        model = self.delta(rate)
        with torch.no_grad():
            model.posterior.bias[3:] += push
            kl = gaussian_kl_per_dimension(*model.encode(X))
        assert (kl >= rate / 3 * (1 - 1e-6)).all()
        assert kl.isfinite().all()

    def test_the_rate_can_come_as_near_to_it_as_one_likes(self):
        model = self.delta(2.0)
        with torch.no_grad():
            model.posterior.weight.zero_()
            model.posterior.bias[:3], model.posterior.bias[3:] = 0, 50
            rate = gaussian_kl_per_dimension(*model.encode(X)).sum(dim=1)
        torch.testing.assert_close(rate, torch.full((3,), 2.0).double())

    def test_the_precisions_of_ceiling_and_encoder_add_up(self):
        model = self.delta(1.5)
        mu, logvar = model.encode(X)
        raw_mu, raw = TextVAE.encode(model, X)
        torch.testing.assert_close((-logvar).exp(), (-raw).exp() + math.exp(-model.ceiling))
        assert torch.equal(mu, raw_mu)

    def test_far_below_the_ceiling_the_encoder_has_its_way(self):
        model = self.delta(1.5)
        with torch.no_grad():
            model.posterior.bias[3:] -= 20
        torch.testing.assert_close(model.encode(X)[1], TextVAE.encode(model, X)[1], atol=1e-6, rtol=0)

    def test_there_is_a_gradient_above_the_ceiling_too(self):
        model = self.delta(1.5)
        with torch.no_grad():
            model.posterior.bias[3:] += 5
        model.encode(X)[1].sum().backward()
        assert (model.posterior.bias.grad[3:] > 1e-4).all()

    @pytest.mark.parametrize("rate", [0.0, -1.0, math.nan])
    def test_other_rates_are_refused(self, rate):
        with pytest.raises(ValueError, match="committed_rate is"):
            self.delta(rate)


def test_a_text_without_an_end_is_refused_by_its_row(model):
    with pytest.raises(ValueError, match="row 1 of x has no 0"):
        model.log_prob(torch.tensor([[1, 0], [1, 2]]), Z[:2])


class TestANormalisedPosterior:
    TEXTS = torch.cat([torch.randint(1, 4, (40, 5), generator=seeded(3)), torch.zeros(40, 1, dtype=torch.long)], dim=1)

    @pytest.fixture
    def normalised(self):
        torch.manual_seed(0)
        return BatchNormTextVAE(4, 3, embedding=5, hidden=6, gamma=0.5).double()

    def test_the_means_have_the_standard_deviation_gamma_and_the_rate_its_floor(self, normalised):
        normalised.train()
        mu, logvar = normalised.encode(self.TEXTS)
        assert mu.std(dim=0, correction=0).tolist() == pytest.approx([0.5] * 3, rel=1e-2)
        rates = gaussian_kl_per_dimension(mu, logvar).mean(dim=0)
        assert rates.min() > 0.5 * 0.5**2 * 0.99
        assert rates.sum() > 3 * 0.5 * 0.5**2 * 0.99

    def test_training_moves_the_shift_and_not_the_scale(self, normalised):
        normalised.train()
        own = {id(parameter) for parameter in normalised.encoder_parameters()}
        assert id(normalised.normalise.bias) in own
        assert id(normalised.normalise.weight) not in own
        optimizer = torch.optim.Adam(normalised.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            normalised.encode(self.TEXTS)[0].sum().backward()
            optimizer.step()
        assert normalised.normalise.weight.tolist() == [0.5] * 3
        assert normalised.normalise.bias.abs().min() > 0

    def test_in_evaluation_mode_a_text_is_coded_alone_as_among_others(self, normalised):
        normalised.train()
        normalised.encode(self.TEXTS)
        normalised.eval()
        torch.testing.assert_close(normalised.encode(self.TEXTS[:1])[0], normalised.encode(self.TEXTS)[0][:1])

    @pytest.mark.parametrize("gamma", [0.0, -1.0, math.nan])
    def test_other_scales_are_refused(self, gamma):
        with pytest.raises(ValueError, match="gamma is"):
            BatchNormTextVAE(4, 2, gamma=gamma)


class TestAClassInPlaceOfZ:
    LOG_CLASS = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64).log()

    @pytest.fixture
    def told(self):
        torch.manual_seed(0)
        return ConditionalText(4, 2, self.LOG_CLASS, embedding=5, hidden=6).double().eval()

    def test_the_class_is_summed_out(self, told):
        by_class = torch.stack([told.text.log_prob(X, told.vectors.weight[c].expand(3, -1)) for c in range(3)])
        expected = (by_class.exp() * self.LOG_CLASS.exp()[:, None]).sum(dim=0).log()
        torch.testing.assert_close(told.log_prob(X), expected)
        torch.testing.assert_close(told.log_prob_given(X, torch.tensor([2, 0, 1])), by_class[[2, 0, 1], range(3)])

    def test_one_class_is_a_language_model(self):
        one = ConditionalText(4, 2, torch.zeros(1), embedding=5, hidden=6).eval()
        torch.testing.assert_close(one.log_prob(X), one.log_prob_given(X, torch.zeros(3, dtype=torch.long)))

    def test_the_decoder_and_the_vectors_are_trained_and_nothing_else(self, told):
        told.log_prob(X).sum().backward()
        encoder = {id(parameter) for parameter in told.text.encoder_parameters()}
        for parameter in told.parameters():
            assert (parameter.grad is None) == (id(parameter) in encoder)
