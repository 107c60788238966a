import type { Gates, PolicyDocument } from '../../contracts/policy.ts';
import type { Posture, PostureAlarm, PostureControl } from '../../contracts/posture.ts';
import { classifyFlow, type Flow } from '../../core/flow-shape.ts';
import { describeFault } from '../../core/flow-texts.ts';
import { computeStrength } from '../../core/strength.ts';
import { reachOf } from '../../core/strength-reach.ts';
import type { ProbeResult, Runtime, RuntimeState } from '../guard/runtime.ts';
import type { DatabasePosture, PostureSource } from './ports.ts';

/** Ways to write that exist whether or not anybody has probed them here. Source: WRITE-PATHS, DESIGN.md §3, 10. */
const SURFACES = ['rest', 'graphql', 'ws', 'mcp', 'flow', 'database'] as const;

const LIMITS = [
	'Writes of agents to ungoverned collections are refused in this process only; the database does not know agents.',
	'PostgreSQL cannot log what it rolls back for a client that bypasses Directus; such refusals leave no evidence.',
	'Who wrote is asserted by Directus; the database enforces what may change.',
	'The guards of the database are looked at every five seconds; what is undone before the next look is seen only by its traces.',
	"SQL as Directus's role may take permits for what policy lets stewards do, in any steward's name, and for nothing wider.",
];

/** Flows named in one alarm. */
const MOST_FLOWS = 5;

const NOTHING_READ = { level: 'not_demonstrated' as const, weaknesses: [] };

/**
 * What holds here and now, and what nobody has shown. Never rejects: a database that cannot be asked is an alarm.
 *
 * @param probeNow tries every control of the database first, instead of telling what the last self-test saw
 */
export async function readPosture(
	runtime: Pick<Runtime, 'state' | 'ready' | 'probes' | 'databaseControls' | 'testDatabase'>,
	source: PostureSource,
	probeNow = false,
): Promise<Posture> {
	await runtime.ready();
	if (probeNow) await runtime.testDatabase();
	const state = runtime.state();
	const policy = state.kind === 'uninstalled' ? null : (state.policy ?? null);
	const database = policy === null ? null : await source.read(policy.directus_role).catch(() => null);
	const controls = controlsOf(runtime.probes(), policy === null ? [] : runtime.databaseControls());
	const strength = database === null ? NOTHING_READ : computeStrength(database.strength);
	return {
		state: state.kind,
		hold: state.kind === 'hold' ? { reason: state.reason, detail: state.detail } : null,
		instance: policy?.instance ?? null,
		generation: policy?.generation ?? null,
		gates: policy?.gates ?? null,
		strength,
		governed: policy?.governed ?? [],
		contracts: Object.keys(policy?.contracts ?? {}).sort(),
		executors: Object.keys(policy?.executors ?? {}).sort(),
		controls,
		alarms: [...stateAlarms(state), ...controlAlarms(controls), ...databaseAlarms(policy, database)],
		limits: [...LIMITS, ...(database === null ? [] : reachOf(database.strength))],
	};
}

function controlsOf(probes: readonly ProbeResult[], database: readonly PostureControl[]): PostureControl[] {
	const tried = [
		...probes.map(({ id, result, detail, at }) => ({ id, state: STATES[result], detail, at })),
		...database,
	];
	const untested = SURFACES.filter(
		(surface) => !tried.some(({ id }) => id === surface || id.startsWith(`${surface}.`)),
	);
	return [
		...tried,
		...untested.map((id) => ({ id, state: 'not_demonstrated' as const, detail: 'nobody has tried it here', at: null })),
	];
}

const STATES: Record<ProbeResult['result'], PostureControl['state']> = {
	refused: 'demonstrated',
	not_demonstrated: 'not_demonstrated',
	passed_through: 'failed',
};

function stateAlarms(state: RuntimeState): PostureAlarm[] {
	if (state.kind === 'active') return [];
	if (state.kind === 'hold') return [{ code: 'HOLD', detail: `${state.reason}: ${state.detail}` }];
	return [{ code: 'HOLD', detail: 'governance is not installed in this database' }];
}

function controlAlarms(controls: readonly PostureControl[]): PostureAlarm[] {
	return controls
		.filter(({ state }) => state === 'failed')
		.map(({ id, detail }) => ({ code: 'GUARD_FAILED', detail: `${id}: ${detail}` }));
}

function databaseAlarms(policy: PolicyDocument | null, database: DatabasePosture | null): PostureAlarm[] {
	if (policy === null) return [];
	if (database === null) return [{ code: 'DATABASE_UNREADABLE', detail: 'the database could not be asked' }];
	const alarms: PostureAlarm[] = [];
	const names = Object.keys(policy.gates) as (keyof Gates)[];
	if (names.some((name) => database.gates?.[name] !== policy.gates[name])) {
		alarms.push({ code: 'GATES_DIFFER', detail: 'the gates in the database are not the signed ones' });
	}
	if (database.generation !== policy.generation) {
		alarms.push({ code: 'GENERATION_DIFFERS', detail: 'the policy in force is not the one the database holds' });
	}
	const { level, weaknesses } = computeStrength(database.strength);
	if (level !== 'separated') alarms.push({ code: 'NOT_SEPARATED', detail: `${level}: ${weaknesses.join('; ')}` });
	return [...alarms, ...flowAlarms(policy, database.flows)];
}

/** Flows that were there before the policy, and what got past it: reported in either mode. */
function flowAlarms({ flows: rules }: PolicyDocument, flows: readonly Flow[]): PostureAlarm[] {
	const violating = flows.flatMap((flow) => {
		const shape = classifyFlow(flow, rules);
		return shape.kind === 'violating' ? [`flow ${flow.id}: ${describeFault(shape)}`] : [];
	});
	if (violating.length === 0) return [];
	const more = violating.length - MOST_FLOWS;
	const detail = `${violating.slice(0, MOST_FLOWS).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
	return [{ code: 'FLOW_NOT_ALLOWED', detail }];
}
