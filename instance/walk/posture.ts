import { at, call } from '../http.ts';
import { correlationId, dispatch, isRefused, refusalReason } from './dispatch.ts';
import { combine, type Row } from './row.ts';

export const gates: Row = {
	id: 'E7',
	title: 'Gates are dry-run-only',
	tried: 'GET /governance/posture',
	expected: 'execute_enabled false, real_run_enabled false, dry_run_only true',
	async run({ directus_url, admin_token }) {
		const { body, status } = await call(`${directus_url}/governance/posture`, { token: admin_token });
		const found = at(body, 'data', 'gates');
		const [execute, real, dry] = ['execute_enabled', 'real_run_enabled', 'dry_run_only'].map((name) => at(found, name));
		const observed = `${status}: execute_enabled ${execute}, real_run_enabled ${real}, dry_run_only ${dry}`;
		return { observed, ok: status === 200 && execute === false && real === false && dry === true };
	},
};

export const planOnly: Row = {
	id: 'E8',
	title: 'The governed route is live',
	tried: 'dispatch DOT_KG_EXPLAIN PLAN_ONLY',
	expected: 'PLANNED, validated, endpoint_present and true_dry_run_possible true',
	async run(context) {
		const answer = await dispatch(context, {
			tool: 'DOT_KG_EXPLAIN',
			mode: 'PLAN_ONLY',
			correlation_id: correlationId('e8'),
			input: { node: 'tool:DOT_KG_EXPLAIN' },
		});
		const data = at(answer.body, 'data');
		const facts = ['validated', 'endpoint_present', 'true_dry_run_possible'] as const;
		const outcome = at(data, 'outcome');
		if (answer.status !== 200) return { observed: `${answer.status} ${refusalReason(answer)}`, ok: false };
		const observed = `${answer.status} ${outcome}, ${facts.map((name) => `${name} ${at(data, name)}`).join(', ')}`;
		return { observed, ok: outcome === 'PLANNED' && facts.every((name) => at(data, name) === true) };
	},
};

export const noContract: Row = {
	id: 'E9',
	title: 'C1 is not dispatchable',
	tried: 'dispatch DOT_C1_VOCAB_BUILD PLAN_ONLY and DRY_RUN',
	expected: 'refused, NO_AGENT_API_CONTRACT',
	async run(context) {
		const modes = ['PLAN_ONLY', 'DRY_RUN'];
		const parts = await Promise.all(
			modes.map(async (mode) => {
				const answer = await dispatch(context, {
					tool: 'DOT_C1_VOCAB_BUILD',
					mode,
					correlation_id: correlationId('e9'),
				});
				const reason = refusalReason(answer);
				return {
					name: mode,
					observed: `${answer.status} ${reason}`,
					ok: isRefused(answer) && reason === 'NO_AGENT_API_CONTRACT',
				};
			}),
		);
		return combine(parts);
	},
};

export const executor: Row = {
	id: 'E14',
	title: 'The executor is healthy and serves DOT_KG_EXPLAIN only',
	tried: 'GET /healthz, GET /capabilities, POST /dot/DOT_C1_VOCAB_BUILD/dry-run',
	expected: '200; exactly DOT_KG_EXPLAIN, side effects none; 404',
	async run({ executor_url }) {
		const [health, capabilities, absent] = await Promise.all([
			call(`${executor_url}/healthz`),
			call(`${executor_url}/capabilities`),
			call(`${executor_url}/dot/DOT_C1_VOCAB_BUILD/dry-run`, {
				method: 'POST',
				body: { correlation_id: correlationId('e14'), input: {} },
			}),
		]);
		const tools = at(capabilities.body, 'tools');
		const served = Array.isArray(tools) ? tools.map((tool) => `${at(tool, 'code')} (${at(tool, 'side_effects')})`) : [];
		const observed = `health ${health.status}; serves ${served.join(', ') || 'nothing'}; DOT_C1_VOCAB_BUILD ${absent.status}`;
		return {
			observed,
			ok: health.status === 200 && absent.status === 404 && served.join() === 'DOT_KG_EXPLAIN (none)',
		};
	},
};
