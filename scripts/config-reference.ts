import { z } from 'zod';
import { governanceConfigSchema } from '../src/config/schema.ts';

/** The part of JSON Schema that zod makes of a declaration. */
interface Node {
	type?: string;
	enum?: unknown[];
	const?: unknown;
	anyOf?: Node[];
	items?: Node;
	properties?: Record<string, Node>;
	additionalProperties?: Node | boolean;
	required?: string[];
	default?: unknown;
	description?: string;
	format?: string;
}

const HEAD = `# directus.config.ts

Every field of the declaration, made from the schema that checks it. Fields that are not here are refused; \`governed plan\` names every
fault with its path. Fields without a default must be given where their parent is.

| field | type | default | meaning |
|---|---|---|---|
`;

/** \`docs/reference/config.md\`, from the zod schema of the declaration. */
export function configReference(): string {
	const schema = z.toJSONSchema(governanceConfigSchema, { io: 'input', unrepresentable: 'any' }) as Node;
	return `${HEAD}${rowsOf(schema, '').join('\n')}\n`;
}

function rowsOf(node: Node, path: string): string[] {
	return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
		const field = path === '' ? name : `${path}.${name}`;
		const required = node.required?.includes(name) && child.default === undefined;
		return [row(field, child, required === true), ...inside(child, field)];
	});
}

/** Rows of what stands inside a list, a record or an object. Free-form records (JSON Schema) end here. */
function inside(node: Node, field: string): string[] {
	if (node.properties) return rowsOf(node, field);
	if (node.items?.properties) return rowsOf(node.items, `${field}[]`);
	const values = node.additionalProperties;
	if (typeof values === 'object' && values.properties) return rowsOf(values, `${field}.<name>`);
	return (node.anyOf ?? []).flatMap((option) => (option.properties ? rowsOf(option, field) : []));
}

function row(field: string, node: Node, required: boolean): string {
	const fallback = node.default === undefined ? (required ? 'required' : '') : `\`${JSON.stringify(node.default)}\``;
	return `| \`${field}\` | ${typeOf(node)} | ${fallback} | ${node.description ?? ''} |`.replaceAll(/ +\|/g, ' |');
}

function typeOf(node: Node): string {
	if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
	if (node.enum) return node.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
	if (node.anyOf) return node.anyOf.map(typeOf).join(' or ');
	if (node.type === 'array') return `list of ${node.items ? typeOf(node.items) : 'anything'}`;
	if (node.type === 'object') return node.properties ? 'object' : 'object by name';
	return node.format === 'uri' ? 'URL' : (node.type ?? 'JSON');
}
