/**
 * The operation tools of this repository's own instance, as one readable table: each object with the verbs that make
 * sense for it. A tool's code is DOT_<OBJECT>_<VERB>.
 */
const VERBS = {
	ensure: 'Creates what is missing and leaves the rest as it is',
	register: 'Enters it in the registry',
	audit: 'Compares it with its declaration and reports differences',
	export: 'Writes it to an archive',
	reconcile: 'Brings copies of it back in line with the source',
	retire: 'Marks it as no longer in use',
} as const;

const OBJECTS = [
	'agent',
	'agent profile',
	'api key slot',
	'archive',
	'asset',
	'audit trail',
	'backup',
	'billing plan',
	'calendar',
	'catalogue',
	'category',
	'channel',
	'collection',
	'contract',
	'country',
	'currency',
	'dashboard',
	'data source',
	'department',
	'device',
	'document',
	'environment',
	'event type',
	'exchange rate',
	'field',
	'file store',
	'flow',
	'glossary term',
	'holiday',
	'invoice layout',
	'label',
	'language',
	'legal text',
	'location',
	'mail template',
	'menu',
	'metric',
	'notification rule',
	'organisation',
	'permission matrix',
	'policy',
	'price list',
	'product line',
	'report',
	'retention rule',
	'role',
	'schedule',
	'schema',
	'tax rate',
	'translation',
	'unit of measure',
] as const;

const title = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** 51 objects × 6 verbs. */
export const catalogue = OBJECTS.flatMap((object) =>
	Object.entries(VERBS).map(([verb, meaning]) => {
		const slug = object.replaceAll(' ', '-');
		return {
			code: `DOT_${slug.replaceAll('-', '_').toUpperCase()}_${verb.toUpperCase()}`,
			title: `${title(verb)} ${object}`,
			verb,
			object,
			description: `${meaning}: ${object}.`,
			path: `bin/dot/${slug}-${verb}`,
		};
	}),
);
