import type { CensusProbe } from '../../../contracts/census.ts';
import { guardTriggersOf } from '../../../core/governed-tables.ts';
import type { Sql } from '../registrar/session.ts';
import { GUARDED, type Tried, tryAs } from './attempt.ts';

const ACTIONS = ['on delete cascade', 'on delete set null', 'on update cascade'] as const;

const PARENT = 'governance.census_parent';
const CHILD = 'governance.census_child';

/**
 * Foreign-key actions run as the owner of the table they change, so no privilege stops them. Tried on two tables of our
 * own that exist in this transaction only: without the guard the action has to happen, with it it has to be refused.
 */
export async function foreignKeyProbes(client: Sql): Promise<CensusProbe[]> {
	const probes: CensusProbe[] = [];
	for (const action of ACTIONS) {
		const [open, guarded] = [await actionWith(client, action, false), await actionWith(client, action, true)];
		const state = open.state === 'not_refused' ? guarded.state : 'not_demonstrated';
		const observed = open.state === 'not_refused' ? guarded.observed : `without the guard too: ${open.observed}`;
		probes.push({
			surface: 'database.foreign-key',
			subject: 'a table of its own',
			request: action,
			actor: 'the owner of the other table',
			state,
			observed,
		});
	}
	return probes;
}

async function actionWith(client: Sql, action: string, guarded: boolean): Promise<Tried> {
	await client.query('savepoint foreign_key; set local role governance_owner');
	try {
		await client.query(`create table ${PARENT} (id integer primary key); insert into ${PARENT} values (1);
			create table ${CHILD} (id integer primary key, parent integer references ${PARENT} ${action}); insert into ${CHILD} values (1, 1)`);
		if (guarded) {
			for (const { name, definition } of guardTriggersOf(
				{ schema: 'governance', name: 'census_child', key: 'id', class: 'internal' },
				CHILD,
			))
				await client.query(`${definition}; alter table ${CHILD} enable always trigger ${name}`);
		}
		const change = action.startsWith('on delete') ? `delete from ${PARENT}` : `update ${PARENT} set id = 2`;
		return await tryAs(client, 'governance_owner', change, GUARDED);
	} finally {
		await client.query('rollback to savepoint foreign_key; release savepoint foreign_key');
	}
}
