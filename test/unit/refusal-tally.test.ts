import { describe, expect, test } from 'vitest';
import type { EvidenceEntry, EvidenceLog } from '../../src/contracts/evidence.ts';
import type { WritePrincipal } from '../../src/core/principal.ts';
import { createRefusalTally } from '../../src/service/dispatch/refusal-tally.ts';
import type { RefusalFacts } from '../../src/service/guard/refusal.ts';
import { createWriteGuard } from '../../src/service/guard/write-guard.ts';
import { CONTRACT, policyFor } from './support/dispatch-world.ts';

function log(fails = () => false): { evidence: EvidenceLog; entries: EvidenceEntry[] } {
	const entries: EvidenceEntry[] = [];
	const append = async (entry: EvidenceEntry, id?: string) => {
		if (fails()) throw new Error('disk');
		entries.push(entry);
		return { id: id ?? `e${entries.length}` };
	};
	return { evidence: { append }, entries };
}

const entry = (reason = 'x'): EvidenceEntry => ({
	v: 1,
	kind: 'refusal',
	at: '2026-01-01T00:00:00.000Z',
	instance: null,
	surface: 'rest',
	actor: { kind: 'public', user: null, role: null },
	facts: { reason },
});

describe('refusals that anybody can cause', () => {
	test('share one entry in a window, and one that counts the others closes it', async () => {
		const { evidence, entries } = log();
		const tally = createRefusalTally(evidence, 60_000);
		const ids = await Promise.all(Array.from({ length: 50 }, () => tally.share('k', 1_000, () => entry())));
		expect(new Set(ids)).toEqual(new Set(['e1']));
		expect(await tally.share('k', 62_000, () => entry())).toBe('e2');
		await tally.flush();
		expect(entries.map(({ facts }) => facts)).toEqual([
			{ reason: 'x' },
			{ reason: 'x' },
			{ reason: 'x', aggregated: true, count: 49, window_ms: 60_000, first: 'e1' },
		]);
	});

	test('a clock set back ends a window instead of keeping it open for hours', async () => {
		const { evidence, entries } = log();
		const tally = createRefusalTally(evidence, 60_000);
		await tally.share('k', 10_000_000, () => entry());
		await tally.share('k', 1_000, () => entry());
		await tally.share('k', 2_000, () => entry());
		expect(entries).toHaveLength(2);
	});

	test('an entry that cannot be written is nobody’s, and the next one tries again', async () => {
		let broken = true;
		const { evidence } = log(() => broken);
		const tally = createRefusalTally(evidence, 60_000);
		expect(await tally.share('k', 1, () => entry())).toBeNull();
		broken = false;
		expect(await tally.share('k', 2, () => entry())).toBe('e1');
	});

	test('whoever has many names fills no more than the keys there are', async () => {
		const { evidence, entries } = log();
		const tally = createRefusalTally(evidence, 60_000, 4);
		for (let n = 0; n < 500; n += 1) await tally.share(`k${n}`, 1, () => entry());
		expect(entries).toHaveLength(5);
		await tally.flush();
		expect(entries).toHaveLength(6);
	});
});

describe('the write guard', () => {
	const facts: RefusalFacts = {
		code: 'GOVERNED_WRITE_DENIED',
		reason: 'NOT_IN_WRITE_ALLOWLIST',
		collection: 'gov',
		action: 'create',
		rule: 'governed:gov',
	};
	const refusals = async (principal: WritePrincipal) => {
		const { evidence, entries } = log();
		const state = () => ({ kind: 'active' as const, policy: policyFor(CONTRACT) });
		const runtime = { evidence, state, onPolicy: () => () => undefined };
		const guard = createWriteGuard(runtime, () => new Date().toISOString());
		const told = await Promise.all(Array.from({ length: 30 }, () => guard.refuse(facts, principal)));
		guard.dispose();
		await new Promise((resolve) => setTimeout(resolve, 5));
		return { told, entries };
	};

	test.each([
		['nobody', { kind: 'public', user: null, role: null, surface: 'rest' }, 2],
		['a webhook flow', { kind: 'admin', user: null, role: null, surface: 'flow' }, 2],
		['a person', { kind: 'user', user: 'u', role: 'r', surface: 'rest' }, 30],
		['an agent', { kind: 'agent', user: 'u', role: 'r', surface: 'mcp' }, 30],
	] as const)('%s: each refusal names an entry that is in the log', async (_who, principal, expected) => {
		const { told, entries } = await refusals(principal);
		expect(entries).toHaveLength(expected);
		expect(told.every(({ evidence, code }) => evidence !== null && code === facts.code)).toBe(true);
	});
});
