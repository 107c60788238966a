import { MIGRATIONS } from '../migrations.generated.ts';

/** A function of schema governance as this package ships it. */
export interface ShippedFunction {
	/** As `regprocedure` prints it: `governance.is_governed(text)`. */
	signature: string;
	owner: 'governance_owner' | 'governance_writer';
	/** What `pg_proc` must say of it, see {@link FUNCTION_FACTS}. */
	facts: string;
	/** The statement that makes it so. */
	statement: string;
}

const VOLATILITY: Record<string, string> = { immutable: 'i', stable: 's' };

const HEAD =
	/create (?:or replace )?function (governance\.\w+)\(([^)]*)\)[\s\S]*?\nlanguage (\w+)([^$]*?)as \$\$([\s\S]*?)\$\$;/g;

/**
 * Everything that decides what a function does, in one text: language, volatility, whose rights, settings, kind and body.
 * What stands between dollar quotes is what PostgreSQL stores, byte for byte.
 */
export const FUNCTION_FACTS = `concat_ws('|', l.lanname, p.provolatile, p.prosecdef, array_to_string(p.proconfig, ';'),
	p.prokind, p.proisstrict or p.proleakproof or p.prosupport <> 0, p.prosrc)`;

function parse([head, name, parameters, language, attributes, body]: RegExpExecArray): ShippedFunction {
	const types = (parameters ?? '').split(',').map((parameter) => parameter.trim().split(' ').slice(1).join(' '));
	const definer = (attributes ?? '').includes('security definer');
	const volatility =
		(attributes ?? '')
			.split(/\s+/)
			.map((word) => VOLATILITY[word])
			.find(Boolean) ?? 'v';
	return {
		signature: `${name}(${types.join(',')})`,
		owner: definer ? 'governance_writer' : 'governance_owner',
		facts: [language, volatility, definer ? 't' : 'f', 'search_path=pg_catalog, pg_temp', 'f', 'f', body].join('|'),
		statement: head.replace(/^create (?:or replace )?function/, 'create or replace function'),
	};
}

/** The functions of all migrations; where one redefines a function, the later one counts. */
export const SHIPPED_FUNCTIONS: ReadonlyMap<string, ShippedFunction> = new Map(
	MIGRATIONS.flatMap(({ sql }) => [...sql.matchAll(HEAD)].map(parse)).map((shipped) => [shipped.signature, shipped]),
);
