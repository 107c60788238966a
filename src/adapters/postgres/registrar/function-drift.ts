import type { Change } from '../../../service/ports/registrar.ts';
import { MIGRATIONS } from '../migrations.generated.ts';
import { rowsOf, type Sql } from './session.ts';

/** Bodies of functions as shipped: what stands between dollar quotes is what PostgreSQL stores, byte for byte. */
const SHIPPED_BODIES = new Set(
	MIGRATIONS.flatMap(({ sql }) => [...sql.matchAll(/\bas \$\$([\s\S]*?)\$\$;/g)].map(([, body]) => body ?? '')),
);

/** Functions in schema governance that this package did not ship, or whose body, owner, settings or grants were altered. */
export async function functionDrift(client: Sql): Promise<Change[]> {
	const functions = await rowsOf<{ name: string; body: string; owner: string; definer: boolean; pinned: boolean; open: boolean }>(
		client,
		`select p.oid::regprocedure::text as name, p.prosrc as body, pg_get_userbyid(p.proowner) as owner, p.prosecdef as definer,
			coalesce(p.proconfig @> array['search_path=pg_catalog, pg_temp'], false) as pinned,
			p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0) as open
		from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'governance' order by 1`,
	);
	const changes: Change[] = [];
	const report = (subject: string, detail: string) => changes.push({ action: 'change', area: 'structure', subject, detail });
	for (const { name, body, owner, definer, pinned, open } of functions) {
		if (!SHIPPED_BODIES.has(body)) report(name, 'its body is not the one this package ships');
		if (owner !== (definer ? 'governance_writer' : 'governance_owner')) report(name, `owned by ${owner}`);
		if (!pinned) report(name, 'its search path is not pinned');
		if (open) report(name, 'everybody may call it');
	}
	if (functions.length < SHIPPED_BODIES.size) report('schema governance', 'functions are missing');
	return changes;
}
