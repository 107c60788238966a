import type { Gates } from '../../../src/contracts/policy.ts';
import type { PostureAlarm } from '../../../src/contracts/posture.ts';

/** Every word of the module that is not the server's own. English; a translation is another object of this shape. */
export const texts = {
	title: 'Posture',
	checked: (time: string) => `Checked ${time}`,
	refresh: 'Check again',
	none: '–',

	about: {
		title: 'About this page',
		lines: [
			'What holds in this instance now, as the server tells it. It is read again every 15 seconds.',
			'Nothing can be changed from here. An operator declares what is governed and applies it from a shell.',
		],
	},

	denied: 'Not shown to you',
	deniedHealth: {
		ok: (generation: number) => `Governance is in force, generation ${generation}.`,
		held: (reason: string) => `Governance is on hold: ${reason}.`,
	},
	failed: 'The posture could not be read',
	failedNext: 'Directus did not answer. Nothing is known about governance until it does.',
	stale: (time: string, why: string) => `This is the posture of ${time}. It could not be read since: ${why}.`,
	uninstalled: 'Nothing is governed yet',
	uninstalledNext: 'An operator declares what is governed in directus.config.ts and runs governed apply from a shell.',

	holdTitle: (reason: string) => `On hold: ${reason}`,
	noAlarms: (generation: number) => `No alarms. The signed policy of generation ${generation} is in force.`,
	alarms: {
		HOLD: 'On hold',
		GUARD_FAILED: 'A guard does not hold',
		GATES_DIFFER: 'Gates were changed outside governed apply',
		GENERATION_DIFFERS: 'Another policy than the one in force',
		NOT_SEPARATED: 'The database alone does not hold',
		FLOW_NOT_ALLOWED: 'A flow is of a shape that is not allowed',
		DATABASE_UNREADABLE: 'The database could not be asked',
	} satisfies Record<PostureAlarm['code'], string>,
	evidenceUnanswered: 'The evidence log does not answer',

	instance: {
		title: 'Instance',
		state: 'State',
		environment: 'Environment',
		id: 'Instance',
		generation: 'Policy generation',
		strength: 'Database strength',
		contracts: 'Contracts',
		executors: 'Executors',
	},

	gates: {
		title: 'Gates',
		on: 'On',
		off: 'Off',
		meaning: {
			dispatch_enabled: 'Whether operations may be dispatched at all.',
			dry_run_only: 'Whether a dispatch may only plan or run dry.',
			execute_enabled: 'Can only be off: nothing here executes.',
			real_run_enabled: 'Can only be off: a real run does not exist.',
		} satisfies Record<keyof Gates, string>,
		note: 'Switched by an operator with governed apply, never from here.',
	},

	layers: {
		title: 'Guard layers',
		note: 'A layer counts only after a forbidden write was really refused in this database.',
		tried: (moment: string, detail: string) => `${moment} · ${detail}`,
		never: 'Never tried here',
		names: {
			'wrapper:events-on': 'Services, with events',
			'wrapper:events-off': 'Services, without events',
			'hooks:events-on': 'Hooks alone',
			rest: 'REST',
			graphql: 'GraphQL',
			ws: 'WebSocket',
			mcp: 'MCP',
			flow: 'Flows',
			database: 'Database',
			'database.insert': 'Database, INSERT',
			'database.update': 'Database, UPDATE',
			'database.delete': 'Database, DELETE',
			'database.truncate': 'Database, TRUNCATE',
			'database.structure': 'Database, guards as applied',
			'database.metadata': 'Database, descriptions of collections',
			'database.roles': 'Database, becoming a writer',
			'database.permits': 'Database, permits nobody gave',
			'database.probes': 'Database, self-test',
		} as Readonly<Record<string, string>>,
	},

	governed: {
		title: 'Governed collections',
		note: 'Only a declared canonical writer writes to these. Admins are not exempt.',
		empty: 'The policy governs no collection.',
		unknown: 'Not known while no policy is verified.',
	},

	refusals: {
		title: 'Latest refusals',
		when: 'When',
		who: 'Who',
		surface: 'Surface',
		what: 'What',
		reason: 'Reason',
		empty: 'Nothing was refused yet.',
		failed: (why: string) => `The evidence log could not be read: ${why}.`,
	},

	limits: { title: 'What this cannot promise' },
};
